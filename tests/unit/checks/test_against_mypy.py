"""Types on edges beside a type checker: what mypy accepts is never a finding, and most of what it refuses is one.

What mypy refuses and FlowStone accepts, on purpose:

- type arguments of containers that can be written to (``list[int]`` for ``list[float]``, either way round for classes
  of the project): a loaded value is the consumer's own;
- tuples of unknown length for tuples of some length, and bare generics, which are not known;
- values without a hash as ``Hashable``, arguments of ``Callable``, ``type`` and ``Generator``;
- protocols of the project, and ``TypedDict`` for and from any mapping with texts as keys;
- ``bytearray`` and ``memoryview`` as ``bytes``.
"""

from __future__ import annotations

import random
import re

import pytest
from mypy import api

from flowstone.checks.catalog import rule
from flowstone.checks.subject import Subject

PRELUDE = """\
from __future__ import annotations

import builtins
import collections
import datetime as dt
import enum
import typing as t
from collections.abc import (
    Awaitable, Callable, Collection, Container, Hashable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence,
    MutableSet, Reversible, Sequence, Sized,
)
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, Protocol, TypedDict, TypeVar, Union

T = TypeVar("T")
K = TypeVar("K")


@dataclass
class Order:
    cents: int


class Refund(Order): ...


class Customer: ...


class Box(Generic[T]):
    item: T

    def __iter__(self) -> Iterator[str]:
        return iter(())


class IntBox(Box[int]): ...


class Numbers(list[int]): ...


class Names(dict[str, int]): ...


class Point(NamedTuple):
    x: int
    y: str


class Row(TypedDict):
    name: str
    size: int


class Level(enum.IntEnum):
    LOW = 1


class Colour(enum.Enum):
    RED = "red"


class Shade(str, enum.Enum):
    DARK = "dark"


class Priced(Protocol):
    cents: int


class Stream:
    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __next__(self) -> int:
        return 1

    def __len__(self) -> int:
        return 1

    def __call__(self) -> int:
        return 1


OrderId = NewType("OrderId", int)
Title = NewType("Title", "str")
Pair = tuple[T, T]
ByName = Union[dict[str, T], Mapping[str, K]]
Maybe = Optional[T]
Rows: t.TypeAlias = "list[Row]"
Mode = Literal["a", "b"]
Modes = Literal[Mode, "c"]
Text = str

"""

_ATOMS = """
    int float bool str bytes complex object None bytearray range builtins.int 'int' "list['Order']"
    Order Refund Customer IntBox Numbers Names Point Row Rows Level Colour Shade Priced Stream OrderId Title Mode Modes
    Text Literal['a'] Literal['a','b'] Literal[1] Literal[1,2] Literal[True] Literal[True,False] Literal[None,'a']
    Literal[-1] dt.datetime dt.date dt.timedelta Decimal Path PurePath Sized Hashable Any Annotated[int,'rows']
    list dict tuple Callable[[int],str] Callable[...,int] type[int] type[Order]
"""
_ONE = """
    list set frozenset Sequence Iterable Iterator Collection Container Reversible AbstractSet MutableSequence MutableSet
    collections.deque t.List t.Set Box Pair Maybe Optional Awaitable collections.Counter Annotated_
"""
_TWO = "dict Mapping MutableMapping collections.OrderedDict collections.defaultdict t.Dict ByName"
_KEYS = "str int Title Order bool"
ATOMS, ONE, TWO, KEYS = (text.split() for text in (_ATOMS, _ONE, _TWO, _KEYS))
WIDER = {
    "bool": "int Literal[True,False] object",
    "int": "float complex Hashable object Optional[int]",
    "float": "complex object",
    "str": "Sequence[str] Iterable[str] Collection[str] Container[str] Text Reversible[str]",
    "bytes": "Sequence[int] Sized",
    "range": "Sequence[int] Iterable[float]",
    "list": "Sequence MutableSequence Iterable Collection Reversible Container t.List",
    "t.List": "list Sequence",
    "set": "AbstractSet MutableSet Collection Iterable t.Set",
    "frozenset": "AbstractSet Collection Container",
    "collections.deque": "MutableSequence Sequence Iterable",
    "Sequence": "Collection Reversible Iterable",
    "AbstractSet": "Collection Iterable",
    "dict": "Mapping MutableMapping t.Dict",
    "t.Dict": "dict Mapping",
    "collections.OrderedDict": "dict MutableMapping Mapping",
    "collections.defaultdict": "dict Mapping",
    "Refund": "Order Priced Refund|None object",
    "IntBox": "Box[int] Box Iterable[str]",
    "Numbers": "list[int] Sequence[int] Iterable[float] Sized",
    "Names": "dict[str,int] Mapping[str,int] Iterable[str] Reversible[str]",
    "Point": "tuple[int,str] tuple Sequence[int|str] Iterable[object] tuple[Any,...]",
    "Row": "Mapping[str,object] Iterable[str] Container[str] Sized",
    "Level": "int float enum.Enum enum.IntEnum Hashable",
    "Colour": "enum.Enum Hashable object",
    "Shade": "str Sequence[str] enum.Enum Container[str]",
    "Stream": "Iterator[int] Iterable[int] Sized Callable[[],int] Iterable[float]",
    "OrderId": "int float Hashable",
    "Title": "str Iterable[str] Text",
    "Mode": "Modes str Literal['a','b','c'] Sequence[str]",
    "dt.datetime": "dt.date Hashable",
    "Path": "PurePath Hashable object",
}
"""Types as which those before them may be taken."""
PAIRS = 1000


def a_type(chance: random.Random, depth: int = 0) -> str:
    kind = chance.random()
    if depth > 2 or kind < 0.45:
        return chance.choice(ATOMS)
    if kind < 0.65:
        name = chance.choice(ONE)
        item = a_type(chance, depth + 1)
        return f"Annotated[{item}, 'x']" if name == "Annotated_" else f"{name}[{item}]"
    if kind < 0.78:
        return f"{chance.choice(TWO)}[{chance.choice(KEYS)}, {a_type(chance, depth + 1)}]"
    if kind < 0.9:
        items = [a_type(chance, depth + 1) for _ in range(chance.randint(1, 3))]
        if chance.random() < 0.1:
            return f"tuple[{items[0]}, *tuple[{items[-1]}, ...]]"
        return f"tuple[{', '.join(items)}]" if chance.random() < 0.7 else f"tuple[{items[0]}, ...]"
    return " | ".join(a_type(chance, depth + 1) for _ in range(chance.randint(2, 3)))


def unrelated(chance: random.Random, given: str) -> str:
    """Any type."""
    return a_type(chance)


def related(chance: random.Random, given: str) -> str:
    """A type that is not far from another: with a part of it replaced."""
    names = re.findall(r"(?<![\w.'])[A-Za-z_.]+(?![\w'])", given)
    if not names or chance.random() < 0.3:
        return a_type(chance)
    name = chance.choice(names)
    others = next((group for group in (ONE[:-1], TWO) if name in group), ATOMS)
    return re.sub(rf"(?<![\w.']){re.escape(name)}(?![\w'])", lambda _: chance.choice(others), given, count=1)


def wider(chance: random.Random, given: str) -> str:
    """The type with some of its parts made wider."""

    def widened(found: re.Match[str]) -> str:
        choices = WIDER.get(found[0], "").split()
        return chance.choice(choices) if choices and chance.random() < 0.7 else found[0]

    return re.sub(r"(?<![\w.'])[A-Za-z_.]+(?![\w'])", widened, given)


def pairs(seed: int) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    found = []
    while len(found) < PAIRS:
        given = a_type(chance)
        found.append((given, chance.choice([unrelated, related, wider])(chance, given)))
    return found


def refused_by_mypy(folder, pairs):
    """The places of the pairs that mypy refuses; pairs with an annotation that it does not take are left out."""
    lines = [f"def f{number}(value: {given}) -> {wanted}: return value" for number, (given, wanted) in enumerate(pairs)]
    file = folder / "pairs_for_mypy.py"
    file.write_text(PRELUDE + "\n".join(lines) + "\n")
    first = PRELUDE.count("\n") + 1
    out, err, _ = api.run(
        [
            str(file),
            "--cache-dir",
            str(folder / "cache"),
            "--config-file",
            "",
            "--no-strict-bytes",
            "--hide-error-context",
        ]
    )
    assert not err
    found, odd = set(), set()
    for line, code in re.findall(r"^\S+?:(\d+): error: .*?\[([a-z-]+)\]$", out, re.MULTILINE):
        place = int(line) - first
        assert place >= 0, out
        (found if code == "return-value" else odd).add(place)
    return found, odd


def refused_by_flowstone(project_of, pairs):
    lines = ["from flowstone import asset", "", ""]
    for number, (given, wanted) in enumerate(pairs):
        lines += [
            "@asset",
            f"def a{number}() -> {given}: ...",
            "",
            "@asset",
            f"def b{number}(a{number}: {wanted}): ...",
        ]
    project = project_of({"pipelines/pairs.py": PRELUDE + "\n".join(lines) + "\n"})
    assert len(project.assets) == 2 * len(pairs)
    check = rule("FS301").check
    assert check is not None
    return {int(re.match(r"'b(\d+)'", found.message)[1]) for found in check(Subject(project))}


@pytest.mark.parametrize("seed", [1])
def test_what_mypy_accepts_is_no_finding_and_most_of_what_it_refuses_is(tmp_path, project_of, seed):
    chosen = pairs(seed)
    refused, odd = refused_by_mypy(tmp_path, chosen)

    found = refused_by_flowstone(project_of, chosen) - odd

    assert len(odd) < len(chosen) / 8
    assert [chosen[place] for place in sorted(found - refused)] == []
    assert len(found) > 0.75 * len(refused - odd)
