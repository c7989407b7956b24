"""What rules say about bodies, over whole projects."""

from __future__ import annotations

import textwrap

import pytest

from flowstone.checks.promises import promises_value
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr

HEAD = """\
from flowstone import CheckResult, Context, DailyPartitions, asset, check, resource
import polars as pl
"""


def found(find, text, more=None, head=HEAD):
    """Code and line, in the text, of what is found."""
    files = {"pipelines/a.py": head + textwrap.dedent(text), **(more or {})}
    return [(item.code, item.span.line - head.count("\n")) for item in find(files)]


# -- FS901 path-without-value, FS902 path-without-yield ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "promises"),
    [
        ("int", True),
        ("list[int]", True),
        ("str | int", True),
        ("polars.DataFrame", True),
        ("vendor.Report", False),
        ("pandas._typing.Axis", False),
        ("datetime.date", True),
        ("sklearn.pipeline.Pipeline", True),
        ("pipelines.models.Maybe", True),
        ("Literal['a']", True),
        ("int | None", False),
        ("None", False),
        ("object", False),
        ("Literal['a', None]", False),
        ("pydantic.JsonValue", False),
        ("vendor.MaybeReport", False),
        ("vendor.report_like", False),
        ("numpy.typing.ArrayLike", False),
        ("NoReturn", False),
    ],
)
def test_which_types_promise_a_value(type, promises, as_type):
    assert promises_value(as_type(type), frozenset({"pipelines.models.Maybe"})) is promises


def test_what_is_not_known_promises_nothing(as_type):
    unknown = TypeExpr(name=UNKNOWN)
    assert not promises_value(unknown, frozenset())
    assert not promises_value(TypeExpr(name=UNION, args=(as_type("int"), unknown)), frozenset())


def test_a_promise_is_asked_for_whatever_may_be_missing(find):
    text = """
    @asset
    def a(x: int = 1) -> int:
        if x:
            return
        return 3

    @asset
    def b(x: int = 1) -> int | None:
        if x:
            return
        return 3

    @asset
    def c(x: int = 1) -> None:
        print(x)

    @asset(outputs={"d": {}, "e": {}})
    def pair(x: int = 1) -> tuple[int, int]:
        if x:
            return 1, 2
    """
    assert found(find, text.replace("{}", "Output()"), head=f"{HEAD}from flowstone import Output\n") == [
        ("FS901", 5),
        ("FS901", 20),
    ]


def test_a_check_always_owes_an_outcome(find):
    text = """
    @asset
    def a() -> int: ...

    @check(asset="a")
    def one(a: int) -> bool:
        if a:
            return True

    @check(asset="a")
    def two(a: int) -> None:
        assert a > 0

    @check(asset="a")
    def three(a: int):
        if a < 0:
            return CheckResult(False)

    @check(asset="a")
    def four(a: int): ...
    """
    assert found(find, text) == [("FS901", 7), ("FS901", 12), ("FS901", 16)]


def test_a_resource_whose_value_nobody_takes_owes_none(find):
    text = """
    @resource
    def logs():
        print("set up")

    @resource
    def client(url: str = ""):
        if url:
            return url

    @asset(requires=["logs"])
    def a(client: str) -> str:
        return client
    """
    assert found(find, text) == [("FS901", 8)]


def test_functions_of_the_project_that_never_return(find):
    text = """
    from pipelines.errors import give_up, complain
    from pipelines import errors

    @asset
    def a(x: int = 1) -> int:
        if x:
            return x
        give_up()

    @asset
    def b(x: int = 1) -> int:
        if x:
            return x
        errors.only_raises()

    @asset
    def c(x: int = 1) -> int:
        if x:
            return x
        complain()
    """
    errors = "from typing import NoReturn\ndef give_up() -> NoReturn: ...\ndef complain() -> None: ...\n"
    errors += "def only_raises(x=1):\n    raise ValueError(x)\n"
    assert found(find, text, {"pipelines/errors.py": errors}) == [("FS901", 21)]


def test_one_function_that_is_declared_many_times_is_told_once(find):
    text = """
    for name in ("a", "b"):
        @asset(name=name)
        def made(x: int = 1) -> int:
            if x:
                return x
    """
    assert found(find, text) == [("FS901", 5)]


# -- FS903 import-time-work -------------------------------------------------------------------------------------------

CLIENTS = "import boto3\nS3 = boto3.client('s3')\n"


def files_found(find, files):
    return [(item.code, item.span.file, item.span.line) for item in find(files)]


@pytest.mark.parametrize(
    "line",
    [
        "from pipelines.clients import S3",
        "from pipelines import clients",
        "import pipelines.clients as c",
        "from .clients import *",
        "from pipelines.deeper import X",
    ],
)
def test_modules_that_declarations_import_count_too(find, line):
    files = {
        "pipelines/__init__.py": "",
        "pipelines/a.py": f"{line}\n{HEAD}\n@asset\ndef a() -> int: ...\n",
        "pipelines/clients.py": CLIENTS,
        "pipelines/deeper.py": "import pipelines.clients\nX = 1\n",
        "pipelines/script.py": CLIENTS,
    }
    assert files_found(find, files) == [("FS903", "pipelines/clients.py", 2)]


@pytest.mark.parametrize(
    "line",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipelines import clients",
        "if __name__ == '__main__':\n    from pipelines import clients",
        "def f():\n    from pipelines import clients",
    ],
)
def test_modules_that_are_not_imported_do_not_count(find, line):
    files = {
        "pipelines/a.py": f"{line}\n{HEAD}\n@asset\ndef a() -> int: ...\n",
        "pipelines/clients.py": CLIENTS,
    }
    assert files_found(find, files) == []


def test_the_packages_of_a_module_are_imported_with_it(find):
    files = {
        "pipelines/__init__.py": CLIENTS,
        "pipelines/sales/__init__.py": CLIENTS,
        "pipelines/sales/a.py": f"{HEAD}\n@asset\ndef a() -> int: ...\n",
        "pipelines/other/__init__.py": CLIENTS,
    }
    assert files_found(find, files) == [
        ("FS903", "pipelines/__init__.py", 2),
        ("FS903", "pipelines/sales/__init__.py", 2),
    ]


def test_a_module_of_the_project_is_not_the_library_of_that_name(find):
    files = {
        "pipelines/a.py": f"import requests\nX = requests.get('x')\n{HEAD}\n@asset\ndef a() -> int: ...\n",
        "requests.py": "def get(x): ...\n",
    }
    assert files_found(find, files) == []


def test_work_in_a_function_is_told_where_it_is_called(find):
    text = f"{HEAD}def load():\n    return open('x').read()\nTEXT = load()\n@asset\ndef a() -> int: ...\n"
    (item,) = find({"pipelines/a.py": text})
    assert item.message == "'open()' works on files when the module is imported"
    assert (item.span.line, item.span.column, item.related[0].span.line) == (5, 8, 4)


def test_what_is_found_names_both_places(find):
    text = "@asset\ndef a(x: int = 1) -> int:\n    for y in range(x):\n        return y\n"
    (item,) = find({"pipelines/a.py": HEAD + text})
    assert item.message == "'a' promises int and can end here without returning it"
    assert (item.span.line, item.span.column, item.span.end_line, item.span.end_column) == (5, 5, 5, 23)
    assert [(more.span.line, more.span.column, more.message) for more in item.related] == [(4, 22, "promised here")]
    assert (
        item.help == "return a value on every path, or raise an exception; annotate -> int | None if there may be none"
    )
