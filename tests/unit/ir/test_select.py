"""Selectors mean what they mean in dbt."""

import pytest

from flowstone.errors import SelectionError
from flowstone.ir.asset import Asset, Step, Storage
from flowstone.ir.function import Dependency, FunctionRef, Signature
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.select import select


def location(file="pipelines/shop.py"):
    return Location(file=file, line=1, column=1, end_line=1, end_column=2)


def step(name, *needs, file="pipelines/shop.py"):
    dependencies = tuple(Dependency(asset=need, parameter=need, location=location(file)) for need in needs)
    function = FunctionRef(module="shop", defined_in="shop", name=name, key=name)
    return Step(
        id=name,
        function=function,
        signature=Signature(dependencies=dependencies),
        outputs={name: name},
        code="sha256:0",
        location=location(file),
    )


def asset(name, *, file="pipelines/shop.py", **fields):
    return Asset(
        id=name,
        name=name.rpartition(".")[2],
        step=name,
        storage=Storage(manager="local"),
        location=location(file),
        **fields,
    )


@pytest.fixture
def project():
    steps = [
        step("raw"),
        step("clean", "raw"),
        step("shop.total", "clean"),
        step("report", "shop.total", file="out/r.py"),
    ]
    assets = [
        asset("raw", group="sources", tags={"daily": ""}),
        asset("clean", tags={"daily": "", "team": "core"}, owners=("data@example.org",)),
        asset("shop.total"),
        asset("report", file="out/r.py"),
    ]
    return Project(name="p", steps={item.id: item for item in steps}, assets={item.id: item for item in assets})


EVEN = {"even": lambda value: {"clean", "report"} if value == "steps" else set()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", "raw clean shop.total report"),
        ("clean", "clean"),
        ("total", "shop.total"),
        ("shop.total", "shop.total"),
        ("+total", "raw clean shop.total"),
        ("1+total", "clean shop.total"),
        ("raw+", "raw clean shop.total report"),
        ("raw+1", "raw clean"),
        ("1+clean+1", "raw clean shop.total"),
        ("tag:daily", "raw clean"),
        ("tag:team=core", "clean"),
        ("group:sources", "raw"),
        ("path:out", "report"),
        ("path:./out/", "report"),
        ("path:out/r.py", "report"),
        ("raw report", "raw report"),
        ("tag:daily,group:sources", "raw"),
        ("+report,tag:daily raw", "raw clean"),
        ("r*", "raw report"),
        ("owner:data@example.org", "clean"),
        ("owner:data@example.org+", "clean shop.total report"),
        ("@raw", "raw clean shop.total report"),
        ("@clean,@report", "raw clean shop.total report"),
        ("even:steps", "clean report"),
        ("even:steps,tag:daily", "clean"),
        ("raw even:nothing", "raw"),
    ],
)
def test_selectors(project, text, expected):
    assert " ".join(select(project, text, facts=EVEN)) == expected


def test_at_takes_what_the_consumers_need_too(project):
    steps = {**project.steps, "side": step("side"), "shop.total": step("shop.total", "clean", "side")}
    wider = Project(name="p", steps=steps, assets={**project.assets, "side": asset("side")})
    assert set(select(wider, "@clean")) == {"raw", "clean", "side", "shop.total", "report"}
    assert set(select(wider, "@side")) == {"raw", "clean", "side", "shop.total", "report"}


def test_exclusion(project):
    assert select(project, "*", "tag:daily") == ("shop.total", "report")


@pytest.mark.parametrize(
    ("text", "exclude", "reason"),
    [
        ("", None, "empty"),
        ("nothing", None, "matches nothing"),
        ("tag:none", None, "matches nothing"),
        ("colour:red", None, "not a selector method"),
        ("a++b", None, "not a selector"),
        ("raw", "raw", "matches nothing"),
        ("raw,clean", None, "matches nothing"),
        ("owner:nobody", None, "matches nothing"),
        ("@raw+", None, "not a selector"),
        ("@", None, "not a selector"),
        ("+@raw", None, "not a selector"),
        ("state:modified", None, "when a command runs"),
        ("*", "result:failed", "when a command runs"),
    ],
)
def test_selectors_that_mean_nothing_are_errors(project, text, exclude, reason):
    with pytest.raises(SelectionError, match=reason):
        select(project, text, exclude)


def test_a_misspelled_name_is_answered_with_the_nearest(project):
    with pytest.raises(SelectionError) as caught:
        select(project, "claen")
    assert caught.value.help == "did you mean 'clean'?"


def test_what_facts_find_may_be_nothing_until_the_end(project):
    assert select(project, "raw", "even:nothing", EVEN) == ("raw",)
    with pytest.raises(SelectionError, match="matches nothing"):
        select(project, "even:nothing", facts=EVEN)
