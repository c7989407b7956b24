"""A project whose values lie in S3 and in Postgres is the same on the three engines, each with places of its own."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from flowstone.cli.conformance import run_engine
from flowstone.config import load_settings
from flowstone.conformance.compare import differences
from flowstone.conformance.engines import Engine, own_python
from flowstone.frontend import load
from flowstone.runtime.workspace import Workspace
from tests.stores.servers import moto, postgres

ENGINES = ("local", "airflow", "prefect")
KEYS = ["2024-01-01", "2024-01-02"]
SOURCE = """
import polars as pl
from flowstone import Context, DailyPartitions, Job, asset

days = DailyPartitions(start="2024-01-01", end="2024-01-03")


@asset(io_manager="lake", partitioned_by=days)
def orders(ctx: Context) -> pl.DataFrame:
    day = ctx.partition.date.day
    return pl.DataFrame({"n": list(range(day * 100)), "text": [f"Nr. {n} 'é'" for n in range(day * 100)]})


@asset(io_manager="warehouse", partitioned_by=days)
def totals(orders: pl.DataFrame) -> pl.DataFrame:
    return orders.select(pl.col("n").sum().alias("sum"), pl.col("text").max(), pl.lit(None, pl.Float64).alias("gap"))


@asset(io_manager="warehouse")
def report(totals: dict[str, pl.DataFrame]) -> dict[str, int]:
    return {key: frame["sum"][0] for key, frame in totals.items()}


@asset(io_manager="letters")
def letter(report: dict[str, int]) -> str:
    return f"{report}"


everything = Job("everything", select="*")
"""
CONFIGURATION = """
sources = ["shop.py"]

[io_managers.lake]
type = "parquet"
root = "s3://local/lake"
storage_options = { endpoint = { env = "ENDPOINT" } }

[io_managers.letters]
type = "filesystem"
root = "s3://local/letters"
storage_options = { endpoint = { env = "ENDPOINT" } }

[io_managers.warehouse]
type = "postgres"
dsn = { env = "WAREHOUSE" }
"""


@dataclass(frozen=True)
class OnServers(Engine):
    """An engine whose stores are a bucket and a database of its own."""

    own: dict[str, str] = field(default_factory=dict)

    def environment(self, project, root, base):
        buckets = {f"FLOWSTONE_IO_MANAGERS__{name.upper()}__ROOT": f"s3://{self.name}/{name}" for name in STORES}
        usual = super().environment(project, root, base)
        kept = {name: text for name, text in usual.items() if not name.endswith(("__STORAGE_OPTIONS", "__SCHEMA"))}
        return {**kept, **buckets, **self.own}


STORES = ("lake", "letters")


def make_places(endpoint, server, name):
    """A bucket and a database; the connection string of that."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="tests", aws_secret_access_key="tests"
    )
    client.create_bucket(Bucket=name)
    client.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(server, dbname=name)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text(SOURCE)
    (folder / "flowstone.toml").write_text(CONFIGURATION)
    return folder


def test_the_engines_agree_in_s3_and_postgres(project, tmp_path, monkeypatch):
    results = []
    with moto() as endpoint, postgres() as server:
        for variable in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(variable, "tests")
        for name in ENGINES:
            own = {"ENDPOINT": endpoint, "WAREHOUSE": make_places(endpoint, server, name)}
            for variable, text in own.items():
                monkeypatch.setenv(variable, text)
            python = own_python() if name == "local" else os.environ[f"FLOWSTONE_{name.upper()}_PYTHON"]
            engine = OnServers(name, python, tmp_path / name, own)
            engine.folder.mkdir()
            settings = load_settings(project)
            loaded = load(settings)
            results.append(run_engine(engine, settings, loaded, ["everything"], KEYS, {}))
            verify(loaded.project, engine, results[-1])
    first, *others = results
    assert sorted(map(str, first.records)) == sorted(
        map(str, [("letter", None), ("report", None), *((name, key) for name in ("orders", "totals") for key in KEYS)])
    )
    assert [difference for other in others for difference in differences(first, other)] == []
    assert {record.engine for result in results for record in result.records.values()} == set(ENGINES)


def verify(project, engine, result):
    """What a record tells is what the server holds, and nothing went to a folder instead."""
    workspace = Workspace(project, Path(project.name), engine.environment(project, Path(), os.environ))
    for (asset, partition), record in result.records.items():
        workspace.storage(asset)[0].verify(workspace.slot(asset, partition), record)
    assert result.files == {}
