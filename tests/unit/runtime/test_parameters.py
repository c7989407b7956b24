import datetime
import decimal
import pathlib

import pytest

from flowstone.errors import ConfigurationError
from flowstone.ir.function import ConfigParameter
from flowstone.ir.node import Location
from flowstone.ir.types import TypeExpr
from flowstone.runtime.parameters import argument, canonical, coerce, from_text, is_default
from flowstone.runtime.secrets import Secrets

HERE = Location(file="a.py", line=1, column=1, end_line=1, end_column=2)


def parameter(name, *args, values=()):
    wanted = None if name is None else TypeExpr(name=name, args=args, values=values)
    return ConfigParameter(name="x", type=wanted, location=HERE)


INT, STR, FLOAT, NONE = (TypeExpr(name=name) for name in ("int", "str", "float", "None"))


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        (parameter("int"), "7", 7),
        (parameter("float"), 2, 2.0),
        (parameter("bool"), "true", True),
        (parameter("datetime.date"), "2024-02-29", datetime.date(2024, 2, 29)),
        (parameter("datetime.timedelta"), "PT1H", datetime.timedelta(hours=1)),
        (parameter("decimal.Decimal"), "1.10", decimal.Decimal("1.10")),
        (parameter("pathlib.Path"), "a/b", pathlib.Path("a/b")),
        (parameter("list", INT), ["1", 2], [1, 2]),
        (parameter("tuple", STR, TypeExpr(name="...")), ["a", "b", "c"], ("a", "b", "c")),
        (parameter("dict", STR, FLOAT), {"a": 1}, {"a": 1.0}),
        (parameter("|", INT, NONE), None, None),
        (parameter("Literal", values=("a", "b")), "b", "b"),
        (parameter("pipelines.models.Order"), {"id": 1}, {"id": 1}),  # the project's own types are not judged
        (parameter("list", TypeExpr(name="pipelines.Order")), [{"id": 1}], [{"id": 1}]),
        (parameter(None), object, object),
    ],
)
def test_values_become_what_is_annotated(wanted, value, expected):
    found = coerce(wanted, value, "a.x")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("wanted", "value"),
    [(parameter("int"), "1.5"), (parameter("Literal", values=("a",)), "b"), (parameter("list", INT), ["x"])],
)
def test_other_values_are_refused_by_name_without_the_value(wanted, value):
    with pytest.raises(ConfigurationError, match=r"a\.x takes"):
        coerce(wanted, value, "a.x")


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        (parameter("str"), "5", "5"),
        (parameter("int"), "5", 5),
        (parameter("list", INT), "[1, 2]", [1, 2]),
        (parameter(None), "{not json", "{not json"),
        (parameter(None), "true", True),
        (parameter("|", STR, NONE), "null", None),
        (parameter("datetime.date"), "2024-01-01", "2024-01-01"),
    ],
)
def test_texts_of_the_command_line_are_json_if_that_fits(wanted, text, expected):
    assert from_text(wanted, text, "a.x") == expected


def test_equal_values_have_one_canonical_form():
    assert canonical(parameter("int"), "5", "a.x") == canonical(parameter("int"), 5, "a.x") == 5
    assert canonical(parameter("datetime.date"), datetime.date(2024, 1, 1), "a.x") == "2024-01-01"


@pytest.mark.parametrize(
    ("wanted", "value", "default", "expected"),
    [
        ("int", 3, 3, True),
        ("float", 1.0, 1, True),
        ("int", 1, True, True),
        ("int", 4, 3, False),
        ("datetime.date", "2024-01-01", "2024-01-02", False),
        ("int", 0, None, False),
        ("str", None, None, True),
        ("int", "many", 3, False),
        ("somebodys.Type", 1.0, 1, False),
    ],
)
def test_a_value_that_an_engine_converted_is_still_the_default(wanted, value, default, expected):
    assert is_default(parameter(wanted), value, default) is expected


def test_a_reference_is_kept_in_the_canonical_form_and_resolved_for_the_function():
    reference = {"env": "LIMIT"}
    assert canonical(parameter("int"), reference, "a.x") == reference
    assert argument(parameter("int"), reference, Secrets({"LIMIT": "9"}), "a.x") == 9
