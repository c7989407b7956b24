import sys
from datetime import date

import pytest

from flowstone.errors import UnsupportedTypeError
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.restore import restore
from flowstone.ir.types import TypeExpr

MODELS = """
from enum import Enum
from typing import NamedTuple
from dataclasses import dataclass, field
from datetime import date
from pydantic import BaseModel, Field


class Colour(Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclass(frozen=True)
class Line:
    start: Point
    colour: Colour
    days: tuple[date, ...] = ()


class Order(BaseModel):
    number: int = Field(alias="No")
    lines: list[Line] = []

    class Inner(BaseModel):
        a: set[str]
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A user's module that nothing has imported yet."""
    (tmp_path / "shop_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda: __import__("shop_models")
    sys.modules.pop("shop_models", None)


def expr(name, *args):
    return TypeExpr(name=name, args=args)


def test_classes_of_the_project_come_back(models, shelf):
    shop = models()
    line = shop.Line(shop.Point(1), shop.Colour.RED, (date(2024, 1, 1),))
    order = shop.Order(No=1, lines=[line])
    files = shelf(FilesystemManager)
    assert files.again(line, "shop_models.Line") == line
    assert files.again(order, "shop_models.Order") == order
    assert files.again([order], expr("list", expr("shop_models.Order"))) == [order]
    assert files.again({"a": order}, expr("dict", expr("str"), expr("shop_models.Order"))) == {"a": order}
    assert files.again(None, expr("|", expr("shop_models.Order"), expr("None"))) is None
    assert files.again(shop.Colour.RED, "shop_models.Colour") is shop.Colour.RED
    assert files.again(shop.Point(1, 2), "shop_models.Point") == shop.Point(1, 2)
    inner = shop.Order.Inner(a={"x"})
    assert files.again(inner, "shop_models.Order.Inner") == inner


def test_without_an_annotation_they_come_back_plain(models, shelf):
    shop = models()
    value = shop.Line(shop.Point(1), shop.Colour.RED)
    assert shelf(FilesystemManager).again(value) == {"start": {"x": 1, "y": 0}, "colour": "red", "days": ()}


def test_plain_types_are_taken_as_they_are():
    value = [1, "x"]
    for name in ("list", "?", "Sequence", "object", "Sized", "Container", "Reversible", "Hashable", "SupportsInt"):
        assert restore(value, expr(name)) is value
    assert restore(value, None) is value


def test_classes_inside_what_is_told_by_its_methods(models):
    shop = models()
    for name in ("Container", "Reversible", "Collection"):
        assert restore([{"x": 1}], expr(name, expr("shop_models.Point"))) == [shop.Point(1)]


def test_records_and_protocols_of_the_standard_library(tmp_path, monkeypatch):
    (tmp_path / "shop_records.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom datetime import date\n"
        "from typing import NotRequired, Protocol, TypedDict\n"
        "@dataclass\nclass Line:\n    day: date\n"
        "class Part(TypedDict):\n    line: Line\n"
        "class Row(TypedDict):\n    parts: list[Part] | None\n    note: NotRequired[str]\n    inner: NotRequired[Row]\n"
        "class More(Row, total=False):\n    size: int\n"
        "class Sized(Protocol):\n    size: int\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    row = restore({"parts": [{"line": {"day": "2024-01-31"}}]}, expr("shop_records.Row"))

    assert row["parts"][0]["line"].day == date(2024, 1, 31)
    more = [{"parts": None, "size": 1, "inner": {"parts": None}}]
    assert restore(more, expr("list", expr("shop_records.More"))) == more
    assert restore({"size": 1}, expr("shop_records.Sized")) == {"size": 1}
    with pytest.raises(UnsupportedTypeError, match="no shop_records"):
        restore({"note": "x"}, expr("shop_records.Row"))


def test_a_value_that_does_not_fit_is_refused(models, shelf):
    models()
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: the stored value is no shop_models\.Point"):
        shelf(FilesystemManager).again({"z": 1}, "shop_models.Point")


@pytest.mark.parametrize("name", ["no_such_module.Thing", "shop_models.Nothing", "nothing_builtin"])
def test_a_class_that_is_not_there_is_named(models, name):
    with pytest.raises(UnsupportedTypeError, match=name):
        restore({}, expr(name))


def test_a_module_that_fails_to_import_its_needs_is_named(tmp_path, monkeypatch):
    (tmp_path / "needy_models.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnsupportedTypeError, match="no_such_package"):
        restore({}, expr("needy_models.Thing"))


def test_faults_are_short_and_show_no_values(models, shelf):
    models()
    with pytest.raises(UnsupportedTypeError) as caught:
        shelf(FilesystemManager).again([{"x": "secret"}] * 9, expr("list", expr("shop_models.Point")))
    assert "0.x: " in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_whose_annotations_cannot_be_read_is_named(tmp_path, monkeypatch):
    source = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    (tmp_path / "typed_models.py").write_text(source + "@dataclass\nclass Thing:\n    a: Decimal\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnsupportedTypeError, match=r"typed_models\.Thing: its annotations"):
        restore({"a": 1}, expr("typed_models.Thing"))


def test_literals_and_tuples_beside_classes(models):
    models()
    pair = expr("tuple", expr("shop_models.Point"), TypeExpr(name="Literal", values=("a", 1)))
    assert restore(({"x": 1}, "a"), pair)[0].x == 1
    with pytest.raises(UnsupportedTypeError):
        restore(({"x": 1}, "b"), pair)
