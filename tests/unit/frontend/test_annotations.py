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
    assert {name: info.bases for name, info in loaded.project.classes.items()} == {
        "models.Base": (),
        "models.Order": ("models.Base", "dict"),
    }


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
