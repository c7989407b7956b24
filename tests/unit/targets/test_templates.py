from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.errors import ConfigurationError
from flowstone.targets.templates import builtin_folder, comment, docstring, render


def test_the_templates_are_found():
    assert (builtin_folder() / "airflow").is_dir()


def test_a_template_of_the_project_replaces_the_one_of_the_same_name(tmp_path: Path):
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "dag.py.jinja").write_text("x = {{ value | py }}\n", encoding="utf-8")
    assert render("airflow/dag.py.jinja", tmp_path, value={"a": 'b"'}) == 'x = {"a": \'b"\'}\n'


def test_nothing_is_escaped_as_html(tmp_path: Path):
    (tmp_path / "t.jinja").write_text("{{ value | py }}", encoding="utf-8")
    assert render("t.jinja", tmp_path, value="<&>") == '"<&>"'


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ value.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% if %}",
        "{% include 'nothing' %}",
    ],
)
def test_a_bad_template_is_a_configuration_error(tmp_path: Path, source):
    (tmp_path / "t.jinja").write_text(source, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="template t"):
        render("t.jinja", tmp_path, value=1)


def test_a_missing_template_is_a_configuration_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="template nothing"):
        render("nothing.jinja", tmp_path)


def test_templates_cannot_leave_their_folder(tmp_path: Path):
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "templates").mkdir()
    with pytest.raises(ConfigurationError):
        render("../secret", tmp_path / "templates")


@given(st.text())
def test_a_docstring_is_one_statement(text):
    tree = ast.parse(docstring(text) + "\n")
    assert [type(node) for node in tree.body] == [ast.Expr]
    assert isinstance(ast.get_docstring(tree), str)


@given(st.text())
def test_a_comment_stays_a_comment(text):
    tokens = tokenize.generate_tokens(io.StringIO(f"# {comment(text)}\nx = 1\n").readline)
    assert [token.type for token in tokens][:2] == [tokenize.COMMENT, tokenize.NL]
