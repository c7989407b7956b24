from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone.targets.literals import Call, Ref, call, identifier, py, text_literal

TEXTS = st.text() | st.text(alphabet=" '\"\\\n{}%ab\u202e\u00e9", max_size=200)


def _values(texts):
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(texts, inner, max_size=4)
        ),
        max_leaves=12,
    )


VALUES = _values(TEXTS)
FORMATTED = _values(st.text(alphabet=" '\"\\\n{}%abcdefgh\u202e\u00e9\u6f22\u5b57", max_size=120))
"""Widths of rare characters differ between editions of Unicode."""


@given(VALUES)
def test_a_literal_is_the_value(value):
    assert ast.literal_eval(py(value)) == value


@given(VALUES, st.integers(0, 8), st.integers(0, 60))
def test_a_literal_is_the_value_wherever_it_stands(value, indent, before):
    assert ast.literal_eval(py(value, indent * 4, before)) == value


@given(st.text())
def test_a_text_is_printable_and_on_one_line(text):
    assert text_literal(text).isprintable()


def test_calls_and_names_are_printed():
    value = call("Asset", "orders", extra={Ref("KEY"): [1]}, wait=timedelta(hours=36))
    assert py(value) == 'Asset("orders", extra={KEY: [1]}, wait=timedelta(hours=36))'


def test_what_does_not_fit_stands_one_item_a_line():
    assert (
        py({"k": ["x" * 50, "y" * 50]}) == f'{{\n    "k": [\n        "{"x" * 50}",\n        "{"y" * 50}",\n    ],\n}}'
    )


def test_long_texts_are_split_behind_blanks():
    source = py("word " * 40)
    assert max(map(len, source.splitlines())) <= 88
    assert ast.literal_eval(source) == "word " * 40


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(seconds=90), "timedelta(seconds=90)"),
        (timedelta(minutes=5), "timedelta(minutes=5)"),
        (timedelta(days=2), "timedelta(days=2)"),
        (timedelta(milliseconds=250), "timedelta(seconds=0.25)"),
        (timedelta(), "timedelta(seconds=0)"),
    ],
)
def test_durations_use_the_largest_whole_unit(value, text):
    assert py(value) == text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_float_that_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="no literal"):
        py(value)


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match="no literal"):
        py([value])


@pytest.mark.parametrize("name", ["a", "_a1", "Asset"])
def test_identifiers_pass_unchanged(name):
    assert identifier(name) == name


@pytest.mark.parametrize("name", ["", "1a", "a b", "class", "a.b", "é", "x=1", "a)", "None"])
def test_what_is_no_identifier_is_refused(name):
    with pytest.raises(ValueError, match="cannot be a name"):
        identifier(name)


@pytest.mark.parametrize(
    "make", [lambda: Ref("os.system('x')"), lambda: Call("a)("), lambda: Call("f", (), {"a=1,b": 2})]
)
def test_code_cannot_come_in_by_names(make):
    with pytest.raises(ValueError, match="cannot be a name"):
        make()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FORMATTED, min_size=20, max_size=40))
def test_ruff_format_leaves_literals_alone(tmp_path: Path, values):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    lines = []
    for number, value in enumerate(values):
        lines.append(f"x{number} = {py(value, 0, len(f'x{number} = '))}\n")
        lines.append(f"y{number} = {py(call('Op', a=value, b=[value]), 0, len(f'y{number} = '))}\n")
    file = tmp_path / "generated.py"
    file.write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        [ruff, "format", "--isolated", "--no-cache", "--diff", str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
