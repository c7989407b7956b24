"""Whatever texts a project holds, the generated code has the same syntax tree but for its constants."""

import ast
import json
from functools import lru_cache

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flowstone import Cron, DailyPartitions, StaticPartitions
from flowstone.ir.asset import Asset, Step, Storage
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, Signature
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.types import TypeExpr
from flowstone.registry import TARGETS, target
from flowstone.targets.contract import RenderOptions

NASTY = [
    "x",
    '"',
    "'",
    '"""',
    "'''",
    '"""; import os; os.abort()\n"""',
    "\\",
    "\\\n",
    "line\nbreak",
    "carriage\rreturn",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# note #}",
    "{braces}",
    "%s %(x)s",
    "${HOME}",
    "# flowstone: sha256=0",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\x0b\x0c\x1c\x85",
    "\0",
    "é\N{PILE OF POO}",
    "- yaml: [1, 2]\n: &anchor *alias !tag |",
    "None",
    "__import__('os')",
    " ",
    "a" * 500,
]
texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def project(text):
    """A project with the text in every place where users' texts go; never blank, since blanks may be left out."""
    text = f"t{text}"
    here = Location(file=f"pipelines/{text}.py", line=3, column=1, end_line=3, end_column=4)
    days, regions = DailyPartitions("2013-01-01", "2014-01-01"), StaticPartitions(text[:3], "other")

    def step(name, partitions, *needs):
        return Step(
            id=name,
            function=FunctionRef(module="pipelines.shop", defined_in="pipelines.shop", name=name, key=name),
            signature=Signature(
                dependencies=tuple(Dependency(asset=need, parameter=need, location=here) for need in needs),
                config=(ConfigParameter(name="note", type=TypeExpr(name="str"), default=text, location=here),),
            ),
            outputs={name: name},
            partitions=partitions,
            code="sha256:0",
            location=here,
        )

    def asset(name, partitions):
        return Asset(
            id=name,
            name=name,
            step=name,
            description=text,
            group="core",
            tags={"kind": text},
            owners=(text,),
            meta={"note": text},
            partitions=partitions,
            storage=Storage(manager="local", options={"path": f"{name}/{{partition}}"}),
            location=here,
        )

    definitions = {"plain": None, "daily": days, "regional": regions}
    steps = [step("plain", None), step("daily", days, "plain"), step("regional", regions)]
    job = Job(
        name="nightly",
        select="*",
        steps=tuple(item.id for item in steps),
        description=text,
        tags={"team": text},
        owners=(text,),
        location=here,
    )
    return Project(
        name="shop",
        sources=(here.file,),
        steps={item.id: item for item in steps},
        assets={name: asset(name, partitions) for name, partitions in definitions.items()},
        jobs={"nightly": job},
        io_managers={"local": IoManagerConfig(type="filesystem")},
    )


class _Blank(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.copy_location(ast.Constant("" if isinstance(node.value, str) else node.value), node)

    def visit_JoinedStr(self, node):
        raise AssertionError("generated code holds no f-strings")


def shape(source):
    """The syntax tree with all texts blanked; the pieces of one text written on several lines are one constant."""
    return ast.dump(_Blank().visit(ast.parse(source)))


@lru_cache
def benign(name):
    return target(name).render(project("benign"), RenderOptions("../..")).files


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=120, deadline=None)
@given(text=texts)
def test_texts_stay_texts(name, text):
    hostile = project(text)
    if any(finding.severity == "error" for finding in target(name).check(hostile)):
        return
    rendered = target(name).render(hostile, RenderOptions("../.."))
    assert set(rendered.files) == set(benign(name))
    for path, source in rendered.files.items():
        if path.endswith(".py"):
            assert shape(source) == shape(benign(name)[path])
        elif path.endswith(".json"):
            assert json.loads(source)["project"]["jobs"]["nightly"]["description"] == f"t{text}"


@pytest.mark.parametrize("name", TARGETS)
def test_an_ordinary_project_is_not_refused(name):
    assert list(target(name).check(project("benign"))) == []
    assert any(path.endswith(".py") for path in target(name).render(project("benign"), RenderOptions(None)).files)


@pytest.mark.parametrize("text", NASTY)
def test_yaml_keeps_its_shape(text):
    def keys(value):
        if isinstance(value, dict):
            return {key: keys(item) for key, item in value.items()}
        return [keys(item) for item in value] if isinstance(value, list) else None

    hostile = target("prefect").render(project(text), RenderOptions("../.."))
    ours, theirs = hostile.files["prefect.yaml"], benign("prefect")["prefect.yaml"]
    assert keys(yaml.safe_load(ours)) == keys(yaml.safe_load(theirs))


def test_a_schedule_reaches_the_engines():
    scheduled = project("x")
    job = scheduled.jobs["nightly"].model_copy(update={"schedule": Cron("0 6 * * *", "UTC"), "steps": ("plain",)})
    scheduled = scheduled.model_copy(update={"jobs": {"nightly": job}})
    for name in ("airflow", "prefect"):
        assert "0 6 * * *" in "".join(target(name).render(scheduled, RenderOptions(None)).files.values())
