"""Frozen dataclasses whose methods are shared are like those of ``dataclasses``."""

import copy
import dataclasses
import inspect
import pickle

import pytest

import flowstone
from flowstone.dsl import frozen


class Thing:
    """With everything that is used of dataclasses."""

    name: str
    size: int = 3
    parts: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
    secret: str = dataclasses.field(default="x", repr=False)


def made(decorator):
    body = {name: value for name, value in vars(Thing).items() if name not in ("__dict__", "__weakref__")}
    return decorator(type("Thing", (), body))


OURS, THEIRS = made(frozen.dataclass(frozen=True)), made(dataclasses.dataclass(frozen=True))


@pytest.mark.parametrize("cls", [OURS, THEIRS])
def test_instances_are_values(cls):
    thing = cls("a", parts={"wheel": 4})
    assert thing == cls("a") and hash(thing) == hash(cls("a"))
    assert thing != cls("b") and thing != cls("a", 4) and thing != cls("a", secret="y")
    assert thing != "a" and thing != made(dataclasses.dataclass(frozen=True))("a")
    assert repr(thing) == "Thing(name='a', size=3, parts={'wheel': 4})"
    assert dataclasses.replace(thing, size=5).size == 5
    assert copy.copy(thing) == thing and copy.copy(thing).parts == thing.parts


@pytest.mark.parametrize("cls", [OURS, THEIRS])
def test_instances_are_frozen(cls):
    thing = cls("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        thing.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del thing.name


def test_signatures_and_parameters_are_the_same():
    assert inspect.signature(OURS) == inspect.signature(THEIRS)
    assert OURS.__dataclass_params__.frozen
    assert OURS.__match_args__ == THEIRS.__match_args__


def test_signatures_are_those_of_what_is_called():
    class Longer(OURS):
        def __init__(self, first, second):
            super().__init__(first + second)

    unused = made(frozen.dataclass(frozen=True))
    assert inspect.signature(unused) == inspect.signature(THEIRS)
    assert list(inspect.signature(Longer).parameters) == ["first", "second"]
    assert Longer("a", "b").name == "ab"
    assert next(iter(inspect.signature(flowstone.CronPartitions).parameters)) == "cron"


@pytest.mark.parametrize("cls", [made(frozen.dataclass(frozen=True)), THEIRS])
def test_wrong_arguments_are_told(cls):
    for _ in range(2):  # what is called first is another function
        with pytest.raises(TypeError, match=r"Thing.__init__\(\) missing 1 required positional argument: 'name'"):
            cls()
        with pytest.raises(TypeError, match=r"Thing.__init__\(\) got an unexpected keyword argument 'nmae'"):
            cls(nmae="a")


def test_an_own_init_stays():
    assert flowstone.StaticPartitions("eu", "us").values == ("eu", "us")


def test_a_subclass_that_is_no_dataclass_may_have_more_attributes():
    class Open(OURS):
        pass

    thing = Open("a")
    thing.more = 1
    del thing.more
    with pytest.raises(dataclasses.FrozenInstanceError):
        thing.name = "b"


def test_a_class_that_inherits_compares_all_its_fields():
    @frozen.dataclass(frozen=True)
    class Special(OURS):
        more: int = 0

    assert Special("a", more=1) != Special("a", more=2) and Special("a") != OURS("a")
    assert repr(Special("a", more=1)).endswith("Special(name='a', size=3, parts={}, more=1)")


def test_other_frozen_dataclasses_may_inherit():
    @dataclasses.dataclass(frozen=True)
    class Theirs(OURS):
        more: int = 0

    assert Theirs("a", more=1) == Theirs("a", more=1)
    with pytest.raises(TypeError, match="non-frozen"):
        dataclasses.dataclass(type("Open", (OURS,), {}))


def test_public_values_are_pickled():
    retry = flowstone.Retry(2, delay="30s")
    assert pickle.loads(pickle.dumps(retry)) == retry
