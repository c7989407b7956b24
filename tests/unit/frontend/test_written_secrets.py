"""Secrets that are written into code."""

import ast
import time

import pytest

from flowstone.frontend.bodies.written_secrets import written_secrets

KEY = "AKIAIOSFODNN7EXAMPLE"


def found(source):
    return [(item.name, item.certainty) for item in written_secrets(ast.parse(source), source)]


@pytest.mark.parametrize(
    "source",
    [
        "password = 'hunter2!'",
        "self.password = 'hunter2!'",
        "settings['password'] = 'hunter2!'",
        "password: str = 'hunter2!'",
        "(password := 'hunter2!')",
        "connect(password='hunter2!')",
        "x = {'password': 'hunter2!'}",
        "def f(password='hunter2!'): pass",
        "def f(a, *, password='hunter2!'): pass",
        "class A:\n    password = 'hunter2!'",
        "def f():\n    def g():\n        password = 'hunter2!'",
    ],
)
def test_a_text_is_a_secret_by_the_name_it_is_given_to(source):
    assert found(source) == [("password", "likely")]


@pytest.mark.parametrize("source", [f"f({KEY!r})", f"f(f'{KEY} {{x}}')", f"x = [{KEY!r}]", f"return_ = ({KEY!r},)"])
def test_a_text_is_a_secret_by_its_form(source):
    assert found(source) == [("", "sure")]


@pytest.mark.parametrize(
    "source",
    [
        "password = 'secret'",
        "password = ''",
        "password = None",
        "password = '<password>'",
        "password = prompt('Your password: ')",
        "x = {'password': 'pw'}",
        "x = {'token': 'Utf8', 'api_key': 'varchar(20)', 'AWS::Secret': 'b84e190d9ebbbfe1'}",
        "token = '_token'",
        "TOKEN = 's3.session-token'",
        "TOKEN = r'[^\\W\\d]\\w*'",
        "token = '0'",
        f"'''{KEY}'''",
        f"def f():\n    '''{KEY}'''",
        f"@asset(meta={{'a': {KEY!r}}})\ndef f(a={KEY!r}, *, b={KEY!r}): pass",
    ],
)
def test_other_texts_are_none(source):
    assert found(source) == []


def test_the_ir_does_not_hold_it(project):
    loaded = project({"a.py": f"from flowstone import asset\n\n\n@asset\ndef one() -> str:\n    return {KEY!r}\n"})
    (fact,) = [fact for facts in loaded.project.bodies.values() for fact in facts]
    assert fact.kind == "secret"
    assert (fact.location.file, fact.location.line) == ("a.py", 6)
    assert KEY not in loaded.project.model_dump_json()


@pytest.mark.parametrize(
    "text", ["a=b&" * 50_000, "host=a;x=" * 20_000, "-" * 60 + "!a9", "://" + ":" * 100_000, "a-" * 50_000 + "!"]
)
def test_no_text_takes_long(text):
    """In processor time, and far more of it than any machine needs."""
    before = time.process_time()
    found(f"token = {text!r}")
    assert time.process_time() - before < 5
