"""Decorated functions stay what they were."""

import pickle
import subprocess
import sys
from datetime import timedelta

import pytest

from flowstone import Context, Retry, asset, check, resource
from flowstone.dsl.decorators import ATTRIBUTE, DECLARATIONS
from flowstone.dsl.duration import seconds


@asset
def numbers() -> list[int]:
    return [1, 2, 3]


@asset(namespace="shop", name="total", retries=Retry(3, delay="30s"))
def add(numbers: list[int], ctx: Context, offset: int = 1) -> int:
    ctx.add_metadata({"count": len(numbers)})
    return sum(numbers) + offset


def test_decorated_functions_are_called_with_plain_values():
    context = Context(asset="total")
    assert add(numbers(), context, offset=4) == 10
    assert context.metadata == {"count": 3}


def test_decorated_functions_can_be_pickled():
    assert pickle.loads(pickle.dumps(numbers)) is numbers


def test_the_declaration_is_noted_on_the_function_and_in_its_module():
    assert getattr(add, ATTRIBUTE).name == "shop.total"
    assert globals()[DECLARATIONS]["asset", "shop.total"] is add


def test_functions_made_by_a_factory_are_all_found():
    def make(region):
        @asset(name=f"sales_{region}")
        def sales():
            return region

        return sales

    for region in ("eu", "us"):
        make(region)
    assert [globals()[DECLARATIONS]["asset", f"sales_{region}"]() for region in ("eu", "us")] == ["eu", "us"]


@pytest.mark.parametrize("decorator", [asset, resource, check])
def test_unknown_keywords_are_refused_at_once(decorator):
    with pytest.raises(TypeError, match="no keyword 'nmae'"):
        decorator(nmae="x")(lambda: None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30s", 30),
        ("1h30m", 5400),
        ("1.5 h", 5400),
        ("250ms", 0.25),
        ("2d", 172800),
        (5, 5),
        (timedelta(minutes=1), 60),
    ],
)
def test_durations(value, expected):
    assert seconds(value) == expected


@pytest.mark.parametrize("value", ["", "5", "5 parsecs", "-5s", -1, float("inf"), float("nan")])
def test_texts_that_are_no_duration_are_refused(value):
    with pytest.raises(ValueError, match="duration"):
        seconds(value)


def test_retries_wait_longer_each_time():
    retry = Retry(3, delay="10s", backoff=2)
    assert [retry.wait(attempt) for attempt in (1, 2, 3)] == [10, 20, 40]


def test_importing_the_language_imports_the_standard_library_only():
    script = (
        "import sys\n"
        "import flowstone\n"
        "[getattr(flowstone, name) for name in flowstone.__all__]\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "own = {'flowstone', '__main__', *(name for name in names if name.startswith('_sysconfigdata'))}\n"
        "print(sorted(names - set(sys.stdlib_module_names) - own))\n"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
