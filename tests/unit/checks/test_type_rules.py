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
