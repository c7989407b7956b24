"""Sensors on Prefect: its server keeps the cursor, and refuses a second run of a key."""

from __future__ import annotations

import pytest

from tests.engines.prefect.test_deployments import _deploy

FILES = """
@resource
def inbox() -> Path:
    return HERE / "inbox"

@asset(partitioned_by=MultiPartitions(day=DailyPartitions("2024-01-01"), region=StaticPartitions("eu", "us")))
def orders(file: str = "") -> str:
    return file

load = Job("load", select="orders")

@sensor(job="load", every="30s", name="Files")
def files(cursor: str | None, inbox: Path) -> SensorResult:
    names = sorted(path.name for path in inbox.iterdir() if path.name > (cursor or ""))
    if "broken" in names:
        raise OSError("the folder is gone")
    found = [RunRequest(name, partition=name[:13], config={"orders.file": name}) for name in names]
    return SensorResult(found, cursor="x" * 5000 if "long" in str(names) else max(names, default=None))
"""


@pytest.fixture
def project(compile_project):
    project = compile_project(FILES, name="sensed")
    (project.root / "inbox").mkdir()
    return project


def look(project) -> str:
    """The message of a look."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("load", project.output / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Files(return_state=True).message


def runs(client):
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    named = FlowFilter(name=FlowFilterName(any_=["sensed__load"]))
    return sorted(((run.idempotency_key, run.parameters) for run in client.read_flow_runs(flow_filter=named)), key=str)


def test_a_key_starts_one_run_whatever_becomes_of_the_cursor(project, prefect_api):
    from prefect.client.orchestration import get_client
    from prefect.variables import Variable

    from flowstone.runtime.prefect_sensor import cursor_variable

    _deploy(project, prefect_api)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("sensed__load__sensor__Files/load-sensor-Files")
        assert deployment.global_concurrency_limit.limit == 1
        assert deployment.schedules[0].schedule.interval.total_seconds() == 30
        assert look(project) == "nothing is new"
        (project.root / "inbox/2024-01-02.eu a").touch()
        wanted = {"daily": "2024-01-02", "static": "eu", "orders__file": "2024-01-02.eu a"}
        assert look(project) == "asked for 2024-01-02.eu a"
        ((key, parameters),) = runs(client)
        assert parameters == wanted
        assert look(project) == "nothing is new"
        Variable.unset(cursor_variable("sensed", "Files"))
        assert look(project) == "asked for 2024-01-02.eu a"
        assert runs(client) == [(key, parameters)]
        (project.root / "inbox/broken").touch()
        assert "the folder is gone" in look(project)
        (project.root / "inbox/broken").rename(project.root / "inbox/2024-01-03.us long")
        assert "the cursor of sensor Files takes 5,006 characters" in look(project)
        assert len(runs(client)) == 1, "nothing was started"
        (project.root / "inbox/2024-01-03.us long").unlink()
        (project.root / "inbox/2024-01-03.us").touch()
        assert look(project) == "asked for 2024-01-03.us"
        assert {parameters["daily"] for _, parameters in runs(client)} == {"2024-01-02", "2024-01-03"}
