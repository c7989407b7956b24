"""Annotations become type expressions without any import."""

from __future__ import annotations

import pytest

HEAD = """
from __future__ import annotations
import collections.abc as cabc
import typing
import typing as t
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Callable, Dict, List, Literal, Optional, Union
import polars as pl
from flowstone import Context, asset
from models import Order, Base as Root
if TYPE_CHECKING:
    import pandas as pd
Frame = pl.DataFrame
Rows: t.TypeAlias = "list[Frame]"
T = t.TypeVar("T")
K = t.TypeVar("K")
Pair = tuple[T, T]
Index = Union[dict[K, T], list[K]]
OrderId = t.NewType("OrderId", int)
FirstId = t.NewType("FirstId", OrderId)
Table = t.NewType("Table", pl.DataFrame)
Mode = Literal["a", "b"]
if len(__name__):
    Twice = int
else:
    Twice = str
"""
MODELS = "class Base: ...\nclass Order(Base, dict): ...\n"

CASES = {
    "int": "int",
    "'int'": "int",
    "None": "None",
    "pl.DataFrame": "polars.DataFrame",
    "pd.DataFrame": "pandas.DataFrame",
    "Frame": "polars.DataFrame",
    "Rows": "list[polars.DataFrame]",
    "List[int]": "list[int]",
    "Dict[str, 'Frame']": "dict[str, polars.DataFrame]",
    "t.Sequence[int]": "Sequence[int]",
    "cabc.Iterator[tuple[str, int]]": "Iterator[tuple[str, int]]",
    "Mapping[str, Any]": "Mapping[str, ?]",
    "Optional[int]": "int | None",
    "Union[int, str, None]": "int | str | None",
    "int | (str | None) | int": "int | str | None",
    "Annotated[int, 'rows']": "int",
    "Literal['a', 1, True, None, -2]": "Literal['a', 1, True, None, -2]",
    "typing.Literal['a']": "Literal['a']",
    "tuple[int, ...]": "tuple[int, ...]",
    "Callable[[int], str]": "Callable",
    "Any": "?",
    "nothing": "?",
    "nothing[int]": "?",
    "Order": "models.Order",
    "Context": "flowstone.Context",
    "f()": "?",
    "'not valid ('": "?",
    "pl.DataFrame | None": "polars.DataFrame | None",
    "Pair": "tuple[?, ?]",
    "Pair[int]": "tuple[int, int]",
    "Pair[Pair[int]]": "tuple[tuple[int, int], tuple[int, int]]",
    "Index[str, int]": "dict[str, int] | list[str]",
    "T": "?",
    "list[T]": "list[?]",
    "t.AnyStr": "?",
    "OrderId": "pipe.OrderId",
    "FirstId": "pipe.FirstId",
    "Table": "polars.DataFrame",
    "Twice": "?",
    "Literal[Mode, 'c']": "Literal['a', 'b', 'c']",
    "Literal[Order.x]": "?",
    "tuple[int, *tuple[str, ...]]": "tuple",
    "tuple[int, t.Unpack[Pair[str]]]": "tuple",
    "t.AbstractSet[int]": "Set[int]",
    "cabc.Set[int]": "Set[int]",
    "t.Set[int]": "set[int]",
    "t.Counter[str]": "collections.Counter[str]",
    "t.DefaultDict[str, int]": "collections.defaultdict[str, int]",
    "t.Final[int]": "int",
    "t.TypeGuard[int]": "bool",
    "'list[\\'Order\\']'": "list[models.Order]",
    "'\\n int |\\n str'": "int | str",
    "list['Pair[int]'] | None": "list[tuple[int, int]] | None",
}


@pytest.mark.parametrize(("annotation", "expected"), CASES.items(), ids=list(CASES))
def test_annotation(project, annotation, expected):
    loaded = project({"pipe.py": f"{HEAD}@asset\ndef a() -> {annotation}: ...\n", "models.py": MODELS})
    assert loaded.diagnostics == ()
    assert str(loaded.project.steps["a"].signature.returns) == expected


def test_no_annotation(project):
    assert project("from flowstone import asset\n@asset\ndef a(): ...\n").project.steps["a"].signature.returns is None


def test_classes_come_with_the_bases_of_their_bases(project):
    loaded = project({"pipe.py": f"{HEAD}@asset\ndef a() -> list[Order]: ...\n", "models.py": MODELS})
    assert {name: tuple(map(str, info.bases)) for name, info in loaded.project.classes.items()} == {
        "models.Base": (),
        "models.Order": ("models.Base", "dict"),
    }


def test_what_is_kept_of_classes(project):
    loaded = project(
        """
        import typing as t
        from flowstone import asset
        from other import make_base, Model
        T = t.TypeVar("T")
        class Row(t.TypedDict):
            size: int
            note: "str | None"
        class Wide(Row, total=False):
            more: t.NotRequired[list[int]]
        class Point(t.NamedTuple):
            x: int
        class Made(make_base()): ...
        class Boxes(list["Box[int]"]): ...
        class Box(t.Generic[T], Model):
            item: T
        Id = t.NewType("Id", int)
        @asset
        def a() -> tuple[Wide, Point, Made, Boxes, Id]: ...
        """
    )
    classes = loaded.project.classes
    assert {name: tuple(map(str, info.bases)) for name, info in classes.items()} == {
        "pipe.Box": ("Generic[?]", "other.Model"),
        "pipe.Boxes": ("list[pipe.Box[int]]",),
        "pipe.Id": ("int",),
        "pipe.Made": ("?",),
        "pipe.Point": ("NamedTuple",),
        "pipe.Row": ("TypedDict",),
        "pipe.Wide": ("pipe.Row",),
    }
    fields = {name: {key: str(item) for key, item in info.fields.items()} for name, info in classes.items()}
    assert {name: found for name, found in fields.items() if found} == {
        "pipe.Point": {"x": "int"},
        "pipe.Row": {"note": "str | None", "size": "int"},
        "pipe.Wide": {"more": "list[int]"},
    }


@pytest.mark.parametrize(
    ("returns", "types"),
    [
        ("tuple[int, str]", ["int", "str"]),
        ("tuple[int, ...]", ["int", "int"]),
        ("dict[str, int]", ["int", "int"]),
        ("Mapping[str, int]", ["int", "int"]),
        ("Both", ["int", "str"]),
        ("Named", ["str", "int"]),
        ("tuple[int, int, int]", [None, None]),
        ("Any", [None, None]),
    ],
)
def test_types_of_several_outputs(project, returns, types):
    loaded = project(
        f"{HEAD}"
        "class Both(t.TypedDict):\n    two: str\n    one: int\n"
        "class Named(t.NamedTuple):\n    x: str\n    y: int\n"
        "from flowstone import Output\n"
        f"@asset(outputs={{'one': Output(), 'two': Output()}})\ndef a() -> {returns}: ...\n"
        "@asset(outputs={'only': Output()})\ndef b() -> dict[str, int]: ...\n"
    )
    found = [asset.type for asset in loaded.project.assets.values()]
    assert [None if item is None else str(item) for item in found] == [*types, "dict[str, int]"]


def test_annotation_from_the_arguments_of_a_factory(project):
    loaded = project(
        """
        import polars as pl
        from flowstone import asset
        class Row: ...
        def make(name, kind):
            @asset(name=name)
            def inner() -> kind: ...
        make("a", pl.DataFrame)
        make("b", Row)
        make("c", int)
        """
    )
    assert loaded.diagnostics == ()
    types = [str(step.signature.returns) for step in loaded.project.steps.values()]
    assert types == ["polars.DataFrame", "pipe.Row", "int"]


def test_an_alias_of_itself_ends_where_it_begins_again(project):
    loaded = project(
        f"{HEAD}"
        "Json = dict[str, 'Json'] | list['Json'] | 'Records' | str | int | None\n"
        "Records = list[dict[str, 'Json']]\n"
        "@asset\ndef a() -> Json: ...\n"
    )
    types = [str(step.signature.returns) for step in loaded.project.steps.values()]
    assert types == ["dict[str, ?] | list[?] | list[dict[str, ?]] | str | int | None"]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"T{n + 1} = dict[T{n}, T{n}] | list[T{n}]\n" for n in range(60)),
        "T = t.TypeVar('T')\n"
        + "".join(f"A{n + 1} = tuple[A{n}[T], A{n}[T]]\n" for n in range(60))
        + "T60 = A60[int]\n",
    ],
    ids=["plain", "with arguments"],
)
def test_aliases_that_double_with_every_line_are_not_known_in_full(project, text):
    loaded = project(
        f"{HEAD}T0 = int\nA0 = list[T0]\n{text}@asset\ndef a() -> T60: ...\n@asset\ndef b(a: T60) -> T0: ...\n"
    )
    assert loaded.diagnostics == ()
    types = [str(step.signature.returns) for step in loaded.project.steps.values()]
    assert len(types[0]) < 20_000
    assert types[1] == "int"
