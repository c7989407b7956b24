"""Conformance keeps what engines store apart from each other and from what is configured, and leaves nothing."""

import psycopg
import pytest

from flowstone.cli.conformance import run_engine
from flowstone.config import load_settings
from flowstone.conformance.compare import differences
from flowstone.conformance.engines import Engine, EngineFailedError, own_python
from flowstone.frontend import load

SOURCE = """
from flowstone import Job, asset


@asset(io_manager="lake")
def orders() -> list[int]:
    return [1, 2]


@asset(io_manager="base")
def total(orders: list[int]) -> int:
    return sum(orders)


@asset(io_manager="warehouse")
def report(total: int) -> dict[str, int]:
    return {"total": total}


everything = Job("everything", select="*")
"""
CONFIGURATION = """
sources = ["shop.py"]

[io_managers.lake]
type = "filesystem"
root = "s3://nowhere/lake"
storage_options = { region = "nowhere" }

[io_managers.base]
type = "duckdb"
path = "base.duckdb"

[io_managers.warehouse]
type = "postgres"
dsn = { env = "WAREHOUSE" }
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'flowstone\\_apart\\_%'"


@pytest.fixture
def project(tmp_path, postgres_server, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text(SOURCE)
    (folder / "flowstone.toml").write_text(CONFIGURATION)
    monkeypatch.setenv("WAREHOUSE", postgres_server)
    return folder


def run(project, folder):
    folder.mkdir()
    settings = load_settings(project)
    return run_engine(Engine("local", own_python(), folder), settings, load(settings), ["everything"], [], {})


def test_two_runs_have_nothing_in_common_and_leave_nothing(project, tmp_path, postgres_server):
    first, second = (run(project, tmp_path / name) for name in ("first", "second"))
    assert sorted(asset for asset, _ in first.records) == ["orders", "report", "total"]
    assert list(differences(first, second)) == []
    assert {record.run_id for record in first.records.values()}.isdisjoint(
        record.run_id for record in second.records.values()
    )
    assert sorted(path.name for path in project.iterdir() if path.name != ".flowstone") == ["flowstone.toml", "shop.py"]
    with psycopg.connect(postgres_server) as connection:
        assert connection.execute(SCHEMAS).fetchall() == []
        assert connection.execute("SELECT to_regclass('public.report')").fetchone() == (None,)


def test_a_run_that_fails_leaves_nothing_either(project, tmp_path, postgres_server):
    (project / "shop.py").write_text(SOURCE.replace('{"total": total}', '{"total": total // 0}'))
    with pytest.raises(EngineFailedError, match="ZeroDivisionError"):
        run(project, tmp_path / "failed")
    with psycopg.connect(postgres_server) as connection:
        assert connection.execute(SCHEMAS).fetchall() == []


def test_what_an_asset_puts_into_a_schema_of_its_own_is_told(project, tmp_path):
    (project / "shop.py").write_text(SOURCE.replace('"warehouse"', '"warehouse", schema="reports"'))
    first, second = (run(project, tmp_path / name) for name in ("first", "second"))
    (difference,) = differences(first, second)
    assert (difference.where, difference.what.partition(",")[0]) == (
        "report",
        "local and local have one store between them",
    )
