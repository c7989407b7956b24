"""The IR: JSON in and out, digests, text."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from flowstone import Cron, DailyPartitions, Last, Offset, Retry, StaticPartitions
from flowstone.ir.asset import Asset, Check, Resource, Step, Storage
from flowstone.ir.digest import digest, project_digest
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, ResourceUse, Signature
from flowstone.ir.graph import asset_graph, step_graph, to_dot, to_mermaid
from flowstone.ir.job import Job
from flowstone.ir.manifest import make_manifest, read_manifest
from flowstone.ir.node import Location
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.text import to_text
from flowstone.ir.types import ClassInfo, TypeExpr

HERE = Location(file="pipelines/shop.py", line=3, column=5, end_line=3, end_column=8)
DAYS = DailyPartitions("2013-01-01", "2014-01-01", "America/New_York")
FRAME = TypeExpr(name="polars.DataFrame")


def function(name, **fields):
    return FunctionRef(module="pipelines.shop", defined_in="pipelines.shop", name=name, key=name, **fields)


@pytest.fixture
def project():
    raw = Step(
        id="raw",
        function=function("raw", is_async=True),
        signature=Signature(
            context="ctx",
            resources=(ResourceUse(resource="archive", parameter="archive", location=HERE),),
            config=(ConfigParameter(name="limit", type=TypeExpr(name="int"), default=3, location=HERE),),
            returns=FRAME,
        ),
        outputs={"raw": "raw"},
        partitions=DAYS,
        retries=Retry(2, delay="30s"),
        timeout=60,
        code="sha256:1",
        location=HERE,
    )
    trend = Step(
        id="trend",
        function=function("trend"),
        signature=Signature(
            dependencies=(
                Dependency(
                    asset="raw",
                    parameter="week",
                    mapping=Last(days=7),
                    type=TypeExpr(name="dict", args=(TypeExpr(name="str"), FRAME)),
                    location=HERE,
                ),
                Dependency(asset="trend", parameter="before", mapping=Offset(-1), optional=True, location=HERE),
            ),
        ),
        outputs={"trend": "trend"},
        partitions=DAYS,
        cache=False,
        engine_options={"airflow": {"pool": "big"}},
        code="sha256:2",
        location=HERE,
    )
    assets = [
        Asset(
            id="raw",
            name="raw",
            step="raw",
            storage=Storage(manager="lake", options={"path": "raw/{partition}.parquet"}),
            type=FRAME,
            partitions=DAYS,
            tags={"daily": "", "team": "core"},
            owners=("data",),
            location=HERE,
        ),
        Asset(
            id="trend",
            name="trend",
            step="trend",
            group="core",
            storage=Storage(manager="lake"),
            partitions=DAYS,
            meta={"a": [1, None]},
            location=HERE,
        ),
    ]
    return Project(
        name="shop",
        steps={"raw": raw, "trend": trend},
        assets={asset.id: asset for asset in assets},
        checks=(
            Check(
                name="positive",
                asset="raw",
                function=function("positive"),
                signature=Signature(),
                blocking=True,
                code="sha256:3",
                location=HERE,
            ),
        ),
        resources={
            "archive": Resource(
                name="archive",
                function=function("archive", is_generator=True),
                signature=Signature(),
                code="sha256:4",
                location=HERE,
            )
        },
        jobs={
            "nightly": Job(
                name="nightly", select="*", steps=("raw", "trend"), schedule=Cron("0 6 * * *", "UTC"), location=HERE
            )
        },
        classes={"shop.Order": ClassInfo(name="shop.Order", bases=(TypeExpr(name="shop.Base"),))},
        io_managers={"lake": IoManagerConfig(type="parquet", options={"root": "lake"})},
    )


TEXT = """\
project shop
io_manager lake: parquet root="lake"
resource archive = pipelines.shop:archive
step raw by DAYS = async pipelines.shop:raw
  context ctx
  resource archive <- archive
  config limit: int = 3
  retries Retry(max_retries=2, delay=30.0)
  timeout 60s
  asset raw: polars.DataFrame in lake path="raw/{partition}.parquet" tags=daily,team=core owners=data
step trend by DAYS = pipelines.shop:trend
  needs week: dict[str, polars.DataFrame] <- raw by Last(days=7)
  needs before: ? <- trend by Offset(count=-1) optional
  no cache
  airflow pool="big"
  asset trend: ? in lake group=core meta={"a": [1, null]}
check positive on raw blocking = pipelines.shop:positive
job nightly at Cron(expression='0 6 * * *', timezone='UTC'): raw trend
""".replace("DAYS", "DailyPartitions(start='2013-01-01T00:00', end='2014-01-01T00:00', timezone='America/New_York')")


def test_text_form(project):
    assert to_text(project) == TEXT


def test_json_round_trip_keeps_everything(project):
    assert Project.model_validate_json(project.model_dump_json()) == project


def test_unknown_fields_are_refused(project):
    data = json.loads(project.model_dump_json())
    data["steps"]["raw"]["colour"] = "red"
    with pytest.raises(ValidationError, match="colour"):
        Project.model_validate(data)


def test_nodes_are_frozen(project):
    with pytest.raises(ValidationError, match="frozen"):
        project.name = "other"


def test_digest_sees_every_change_and_no_order(project):
    reordered = project.model_copy(update={"assets": dict(reversed(project.assets.items()))})
    changed = project.model_copy(update={"name": "other"})
    assert project_digest(reordered) == project_digest(project) != project_digest(changed)


def test_digest_is_the_same_in_every_process():
    value = {"b": [1, "é", None], "a": {"z": 1.5, "y": True}}
    script = f"from flowstone.ir.digest import digest; print(digest({value!r}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {digest(value)}


def test_graphs(project):
    assert list(step_graph(project).edges) == [("raw", "trend")]
    assert sorted(asset_graph(project).edges) == [("raw", "trend"), ("trend", "trend")]
    assert to_mermaid(project) == 'flowchart LR\n    a0["raw"]\n    a1["trend"]\n    a0 --> a1\n    a1 --> a1\n'
    assert '"raw" -> "trend";' in to_dot(project)


def test_manifest_round_trip(project, tmp_path):
    manifest = make_manifest(project, "../..")
    path = tmp_path / "flowstone.json"
    path.write_text(manifest.model_dump_json())
    assert read_manifest(path) == manifest
    assert manifest.digest == project_digest(project)


def test_the_published_schema_accepts_what_is_written(project):
    from jsonschema import Draft202012Validator

    schema = Project.model_json_schema()
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(json.loads(project.model_dump_json()))) == []


def test_static_partitions_keep_their_form(project):
    regions = StaticPartitions("eu", "us")
    changed = project.model_copy(
        update={"steps": {"raw": project.steps["raw"].model_copy(update={"partitions": regions})}}
    )
    assert Project.model_validate_json(changed.model_dump_json()).steps["raw"].partitions == regions
