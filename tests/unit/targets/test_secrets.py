"""What one engine keeps is no secret of another."""

import pytest

from flowstone.config import load_settings
from flowstone.diagnostics.diagnostic import Severity
from flowstone.frontend import load
from flowstone.registry import target

CONFIG = """
sources = ["pipeline.py"]
[io_managers.warehouse]
type = "postgres"
dsn = { DSN = "shop" }
[params.token]
url = { URL = "token" }
"""
PIPELINE = """
from flowstone import asset, resource

@resource
def token(url: str = "") -> str:
    return url

@asset(io_manager="warehouse")
def orders() -> int:
    return 1

@asset
def report(token: str) -> int:
    return 1

@asset
def other() -> int:
    return 1
"""


@pytest.fixture
def refused(tmp_path):
    def find(engine, **references):
        text = CONFIG
        for name, kind in references.items():
            text = text.replace(name, kind)
        (tmp_path / "flowstone.toml").write_text(text)
        (tmp_path / "pipeline.py").write_text(PIPELINE)
        loaded = load(load_settings(tmp_path, environment={}))
        assert loaded.diagnostics == ()
        found = [item for item in target(engine).check(loaded.project) if item.severity is Severity.ERROR]
        assert {item.code for item in found} <= {"FS801"}
        return [item.message.partition(": ")[2].partition(" needs")[0] for item in found]

    return find


@pytest.mark.parametrize(
    ("engine", "dsn", "url", "steps"),
    [
        ("airflow", "airflow_connection", "prefect_secret", ["report"]),
        ("prefect", "airflow_connection", "prefect_secret", ["orders"]),
        ("local", "airflow_connection", "prefect_secret", ["orders", "report"]),
        ("local", "env", "env", []),
        ("airflow", "prefect_secret", "prefect_secret", ["orders", "report"]),
        ("airflow", "airflow_connection", "airflow_connection", []),
        ("prefect", "prefect_secret", "prefect_secret", []),
    ],
)
def test_steps_that_need_it_are_refused(refused, engine, dsn, url, steps):
    assert sorted(refused(engine, DSN=dsn, URL=url)) == steps
