from __future__ import annotations

import pytest

from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import ModuleIndex
from flowstone.frontend.names import Builtin, Defined, External, Missing, Names, ProjectModule, Public


@pytest.fixture
def resolve(tmp_path):
    """Write files, then resolve an expression in module ``main``."""

    def run(expression: str, **files: str):
        import ast

        for name, text in files.items():
            path = tmp_path / (name.replace("__dot__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        index = ModuleIndex(tmp_path, ["."], Findings())
        module = index.get("main") or index.get("pkg.main")
        assert module is not None
        return Names(index).resolve(module, ast.parse(expression, mode="eval").body)

    return run


def test_public_names_under_any_alias(resolve):
    assert resolve("asset", main="from flowstone import asset") == Public("asset")
    assert resolve("a", main="from flowstone import asset as a") == Public("asset")
    assert resolve("fs.asset", main="import flowstone as fs") == Public("asset")
    assert resolve("flowstone.asset", main="import flowstone") == Public("asset")
    assert resolve("asset", main="from flowstone.dsl.decorators import asset") == Public("asset")
    assert resolve("flowstone.dsl.decorators.asset", main="import flowstone.dsl.decorators") == Public("asset")
    assert resolve("asset", main="from flowstone import *") == Public("asset")


def test_re_exports_are_followed(resolve):
    target = resolve(
        "asset", main="from common import asset", common="from deep import *", deep="from flowstone import asset"
    )
    assert target == Public("asset")


def test_relative_imports(resolve):
    files = {
        "pkg__dot____init__": "",
        "pkg__dot__main": "from . import other\nfrom .other import X\nfrom .sub.deep import Y as Z",
        "pkg__dot__other": "X = 1",
        "pkg__dot__sub__dot__deep": "Y = 2",
    }
    assert isinstance(resolve("X", **files), Defined)
    assert isinstance(resolve("other", **files), ProjectModule)
    found = resolve("Z", **files)
    assert isinstance(found, Defined)
    assert (found.module.name, found.name) == ("pkg.sub.deep", "Y")
    assert isinstance(resolve("other.X", **files), Defined)


def test_external_names_are_dotted(resolve):
    assert resolve("pl.DataFrame", main="import polars as pl") == External("polars.DataFrame")
    assert resolve("os.path.join", main="import os.path") == External("os.path.join")


def test_fallback_for_failed_import_is_left_out(resolve):
    text = "try:\n    from fast import thing\nexcept ImportError:\n    thing = None"
    assert resolve("thing", main=text) == External("fast.thing")


def test_type_checking_import_is_known(resolve):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from models import Order"
    assert resolve("Order", main=text) == External("models.Order")


def test_import_cycle_ends(resolve):
    target = resolve("x", main="from other import x", other="from main import x")
    assert isinstance(target, Missing)


def test_star_import_obeys_all(resolve):
    files = {"main": "from other import *", "other": "__all__ = ['shown']\nshown = 1\nhidden = 2"}
    assert isinstance(resolve("shown", **files), Defined)
    assert resolve("hidden", **files) == Missing("main", "hidden")


def test_builtin_and_missing(resolve):
    assert resolve("len", main="") == Builtin("len")
    assert resolve("nope", main="") == Missing("main", "nope")


def test_bound_twice_keeps_both(resolve):
    target = resolve("x", main="x = 1\nx = 2")
    assert isinstance(target, Defined)
    assert len(target.bindings) == 2
