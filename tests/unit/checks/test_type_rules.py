"""Rules about types on whole projects."""

from __future__ import annotations

import pytest

HEAD = """\
from __future__ import annotations
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, NewType, TypedDict, TypeVar
import polars as pl
from flowstone import Output, asset, check, resource
from shop import Order, Refund
T = TypeVar("T")
class Split(TypedDict):
    train: list[int]
    test: list[str]
class Pair(NamedTuple):
    first: list[int]
    second: list[str]
@dataclass
class Both:
    train: list[int]
    test: list[str]
"""
SHOP = "class Order: ...\nclass Refund(Order): ...\n"


@pytest.fixture
def codes(find):
    """The codes that are found in a module that follows ``HEAD``."""
    return lambda text: [
        item.code for item in find({"pipelines/a.py": HEAD + text, "shop.py": SHOP}) if item.code != "FS302"
    ]


OUTPUTS = "@asset(outputs={'train': Output(), 'test': Output()})\ndef split() -> %s: ...\n"


@pytest.mark.parametrize(
    ("returns", "code"),
    [
        ("tuple[list[int], list[str]]", None),
        ("tuple[list[int], ...]", None),
        ("tuple", None),
        ("Split", None),
        ("Pair", None),
        ("dict[str, list[int]]", None),
        ("Mapping[str, Any]", None),
        ("Any", None),
        ("object", None),
        ("Sequence[list[int]]", None),
        ("tuple[int, int] | None", None),
        ("pl.Something", None),
        ("tuple[int, int, int]", "FS313"),
        ("list[int]", "FS313"),
        ("pl.DataFrame", "FS313"),
        ("Both", "FS313"),
        ("Order", "FS313"),
        ("None", "FS313"),
        ("int | str", "FS313"),
    ],
)
def test_the_shape_of_several_outputs(codes, returns, code):
    found = codes(OUTPUTS % returns)

    assert [item for item in found if item == "FS313"] == ([code] if code else [])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("train: int", "has no key test"),
        ("train: int\n    tset: int", "has the keys train, tset"),
        ("train: int\n    test: int", None),
    ],
)
def test_the_keys_of_several_outputs(find, fields, words):
    text = f"{HEAD}class Made(TypedDict):\n    {fields}\n{OUTPUTS % 'Made'}"

    messages = [item.message for item in find({"pipelines/a.py": text, "shop.py": SHOP})]

    assert len(messages) == (words is not None)
    assert words is None or words in messages[0]


@pytest.mark.parametrize(
    ("returns", "train", "test", "expected"),
    [
        ("tuple[list[int], list[str]]", "list[int]", "list[str]", []),
        ("tuple[list[int], list[str]]", "list[str]", "list[str]", ["FS301"]),
        ("Split", "list[int]", "list[str]", []),
        ("Split", "list[int]", "list[int]", ["FS301"]),
        ("Pair", "list[str]", "list[int]", ["FS301", "FS301"]),
        ("dict[str, list[int]]", "list[int]", "list[str]", ["FS301"]),
        ("Any", "list[int]", "str", []),
    ],
)
def test_each_output_has_its_type(codes, returns, train, test, expected):
    text = f"@asset\ndef a(train: {train}) -> int: ...\n@check(asset='test')\ndef b(test: {test}) -> bool: ...\n"

    assert codes(OUTPUTS % returns + text) == expected


@pytest.mark.parametrize(
    ("given", "wanted", "fits"),
    [
        ("Refund", "Order", True),
        ("Order", "Refund", False),
        ("list[Refund]", "Sequence[Order]", True),
        ("'list[Refund]'", "list['Order']", True),
        ("pl.DataFrame", "other.Frame", True),
        ("other.A", "other.B", True),
        ("Literal['a']", "str", True),
        ("str", "Literal['a']", False),
        ("T", "int", True),
        ("Split", "Mapping[str, Any]", True),
        ("Split", "list[str]", False),
        ("Pair", "tuple[list[int], list[str]]", True),
        ("Pair", "tuple[int, int]", False),
    ],
)
def test_types_on_an_edge(codes, given, wanted, fits):
    found = codes(f"import other\n@asset\ndef a() -> {given}: ...\n@asset\ndef b(a: {wanted}) -> int: ...\n")

    assert ("FS301" not in found) is fits


@pytest.mark.parametrize(
    ("parameter", "wrong"),
    [
        ("x: int = 5", False),
        ("x: int = True", False),
        ("x: int = None", False),
        ("x: int | None = None", False),
        ("x: float = 1", False),
        ("x: bool = 0", False),
        ("x: str = 'a'", False),
        ("x: Mode = Mode.FAST", False),
        ("x: str = Mode.FAST", False),
        ("x: 'Literal[\"a\", \"b\"]' = 'a'", False),
        ("x: date = '2024-01-31'", False),
        ("x: timedelta = '1:30:00'", False),
        ("x: timedelta = 'PT1H'", False),
        ("x: Path = 'data'", False),
        ("x: bytes = 'a'", False),
        ("x: Decimal = 1.5", False),
        ("x: tuple[int, int] = (1, 2)", False),
        ("x: Sequence[str] = ('a',)", False),
        ("x: Sequence[str] = 'abc'", False),
        ("x: complex = 5", False),
        ("x: int | date = '2024-01-31'", False),
        ("x: list[str] = 'abc'", True),
        ("x: set[str] = []", False),
        ("x: dict[str, int] = {'a': 1}", False),
        ("x: Mapping[str, Any] = {'a': [1]}", False),
        ("x: Order = {'cents': 1}", False),
        ("x: NewType('Id', int) = 5", False),
        ("x: pl.Expr = 'a'", False),
        ("x: Any = 5", False),
        ("x: T = 5", False),
        ("x=5", False),
        ("x: int = 'a'", True),
        ("x: int = '5'", True),
        ("x: int = 1.5", True),
        ("x: int = 1.0", True),
        ("x: bool = 2", True),
        ("x: bool = 'yes'", True),
        ("x: float = '1.5'", True),
        ("x: str = 5", True),
        ("x: str | None = 5", True),
        ("x: Literal['a', 'b'] = 'c'", True),
        ("x: date = 'yesterday'", True),
        ("x: list[int] = ['a']", True),
        ("x: list[int] = 5", True),
        ("x: dict[str, int] = {'a': 'b'}", True),
        ("x: dict[str, int] = []", True),
        ("x: tuple[int, int] = (1,)", True),
    ],
)
def test_the_default_of_a_config_parameter(codes, parameter, wrong):
    text = (
        "from enum import StrEnum\nfrom datetime import date, timedelta\nfrom decimal import Decimal\n"
        "from pathlib import Path\nclass Mode(StrEnum):\n    FAST = 'fast'\n"
        f"@asset\ndef a({parameter}) -> int: ...\n"
    )

    assert codes(text) == (["FS316"] if wrong else [])


@pytest.mark.parametrize(
    ("resource", "wanted", "fits"),
    [
        ("def db() -> Order: ...", "Order", True),
        ("def db() -> Refund: ...", "Order", True),
        ("def db() -> Iterator[Order]:\n    yield Order()", "Order", True),
        ("async def db() -> AsyncIterator[Order]:\n    yield Order()", "Order", True),
        ("def db() -> Iterator[Any]:\n    yield Order()", "Order", True),
        ("def db() -> Generator[Refund, None, None]:\n    yield Refund()", "Order", True),
        ("def db() -> pl.Connection: ...", "Order", True),
        ("def db(): ...", "Order", True),
        ("def db() -> Order: ...", "Any", True),
        ("def db() -> Order: ...", "str", False),
        ("def db() -> Iterator[Order]:\n    yield Order()", "Refund", False),
        ("def db() -> dict[str, int]: ...", "dict[str, str]", False),
        ("def db() -> Order | None: ...", "Order", False),
    ],
)
def test_resources_and_who_takes_them(codes, resource, wanted, fits):
    text = (
        f"from collections.abc import AsyncIterator, Generator\n@resource\n{resource}\n"
        f"@asset\ndef a(db: {wanted}) -> int: ...\n"
    )

    assert codes(text) == ([] if fits else ["FS317"])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("5", None),
        ('"5"', None),
        ('{ env = "SIZE" }', None),
        ('"large"', "FS705"),
        ("[1]", "FS705"),
        ("1.5", "FS705"),
        ('{ env = "" }', "FS706"),
        ('{ env = "MY SIZE" }', "FS706"),
        ('{ ENV = "SIZE" }', "FS706"),
    ],
)
def test_configured_values(find, value, code):
    text = "from flowstone import asset\n\n\n@asset\ndef orders(size: int = 1) -> int:\n    return size\n"
    config = f'sources = ["pipelines"]\n\n[params.orders]\nsize = {value}\n'

    found = find({"pipelines/a.py": text, "flowstone.toml": config})

    assert [(item.code, item.span.file, item.span.line) for item in found][-1:] == (
        [(code, "flowstone.toml", 4)] if code else []
    )


def test_a_table_that_is_named_env_is_no_reference(find):
    text = (
        "from flowstone import asset\n\n\n@asset\ndef orders(env: dict[str, str] = {}) -> int:\n    return len(env)\n"
    )
    config = 'sources = ["pipelines"]\n\n[params.orders.env]\nenv = "my prod"\nregion = "eu"\n'

    assert find({"pipelines/a.py": text, "flowstone.toml": config}) == ()
