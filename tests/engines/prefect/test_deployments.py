"""``prefect.yaml``: deployments that Prefect takes, and runs that its scheduler starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

PROJECT = """
days = DailyPartitions("2024-01-01", timezone="America/New_York")
months = MonthlyPartitions("2024-01", timezone="America/New_York")

@asset(partitioned_by=days)
def day(ctx: Context, factor: float = 1.5) -> str:
    return ctx.partition.key

@asset(partitioned_by=months, depends_on=["day"])
def month(ctx: Context) -> str:
    return ctx.partition.key

@asset(partitioned_by=StaticPartitions("eu", "us"))
def region(ctx: Context) -> str:
    return ctx.partition.key

nightly = Job(
    "nightly", select="day+", schedule=Cron("0 6 * * *", timezone="America/New_York"),
    description="Every {{ night }}: 'all' \\"of\\" it", tags={"team": "a"},
)
calendar = Job("calendar", select="region", schedule=Every("15m"))
"""


@pytest.fixture
def project(compile_project):
    return compile_project(PROJECT, name="deployed")


def test_the_file_is_what_prefect_takes(project):
    from prefect.cli.deploy._models import PrefectYamlModel

    text = (project.output / "prefect.yaml").read_text()
    assert str(project.root) not in text
    nightly, calendar = PrefectYamlModel.model_validate(yaml.safe_load(text)).deployments
    assert nightly.schedules[0].cron == "0 6 * * *"
    assert nightly.schedules[0].timezone == "America/New_York"
    assert nightly.tags == ["flowstone", "team:a"]
    assert calendar.schedules[0].interval == timedelta(minutes=15)
    assert calendar.entrypoint == "calendar_flow.py:calendar"  # calendar.py would hide a module of Python


def test_prefect_deploys_it_and_a_scheduled_run_makes_the_day_before(project, prefect_api):
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow
    from prefect.states import Scheduled

    from flowstone.conformance.on_prefect import load_flow

    _deploy(project, prefect_api)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("deployed__nightly/nightly")
        assert deployment.description == "Every { { night } }: 'all' \"of\" it"
        properties = deployment.parameter_openapi_schema["properties"]
        assert properties["daily"]["anyOf"][0] == {"format": "date", "type": "string"}
        assert properties["day__factor"]["type"] == "number"
        assert properties["day__factor"]["default"] == 1.5
        other = client.read_deployment_by_name("deployed__calendar/calendar").parameter_openapi_schema
        assert other["properties"]["static"]["anyOf"][0]["enum"] == ["eu", "us"]

        flow_run = _scheduled_run(client, deployment.id)
        due = flow_run.expected_start_time
        client.set_flow_run_state(flow_run.id, Scheduled(), force=True)
        flow = load_flow(project.output, project.project, "nightly")
        state = run_flow(flow, flow_run=client.read_flow_run(flow_run.id), return_type="state")
        name = client.read_flow_run(flow_run.id).name
    expected = (due.astimezone(ZoneInfo("America/New_York")).date() - timedelta(days=1)).isoformat()
    due_day = due.astimezone(ZoneInfo("America/New_York")).date()
    if due_day.day == 1:  # the run makes the month, too, of which there are no other days
        assert state.message == (
            f"failed: month[{expected[:7]}] (NotMaterializedError: day, partition {expected[:8]}01, "
            "is not materialized, and month reads it)"
        )
    else:
        assert state.is_completed(), state.message
    assert name == f"nightly[{expected}]"
    assert project.value("day", expected) == expected


PARTS = """
days = DailyPartitions("2024-01-01")

@asset(partitioned_by=days)
def left() -> int:
    return 1

@asset(partitioned_by=days)
def right() -> int:
    return 2

@asset(partitioned_by=days)
def total(left: int, right: int) -> int:
    return left + right

lefts = Job("lefts", select="left")
rights = Job("rights", select="right")
totals = Job("totals", select="total")
"""


def test_a_job_without_schedule_is_started_by_the_assets_that_it_reads(compile_project, prefect_api):
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow

    from flowstone.conformance.on_prefect import load_flow

    project = compile_project(PARTS, name="tied")
    _deploy(project, prefect_api)
    flow = load_flow(project.output, project.project, "totals")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("tied__totals/totals")
        states = []
        for number, job in enumerate(("lefts", "rights"), start=1):
            assert project.run(job, daily="2024-01-05").is_completed()
            started = _runs(client, deployment.id, number)
            assert started.parameters["daily"] == "2024-01-05"
            states.append(run_flow(flow, flow_run=started, parameters=started.parameters, return_type="state"))
    assert [state.name for state in states] == ["Skipped", "Completed"]
    assert states[0].message == "not all inputs are there yet: right[2024-01-05]"
    assert project.value("total", "2024-01-05") == 3


FOLLOWING = """
@asset(cache=False)
def left() -> int:
    return 1

@asset(cache=False)
def right() -> int:
    return 2

@asset
def notice(ctx: Context) -> int:
    return 3

lefts = Job("lefts", select="left")
rights = Job("rights", select="right")
notices = Job("notices", select="notice", schedule=OnUpdate("left", "right"))
anyway = Job("anyway", select="notice", schedule=OnUpdate("left", "right", when="any"))
"""


def test_a_job_follows_all_or_any_of_several_assets(compile_project, prefect_api):
    from prefect.client.orchestration import get_client

    project = compile_project(FOLLOWING, name="following")
    _deploy(project, prefect_api)
    with get_client(sync_client=True) as client:
        every = client.read_deployment_by_name("following__notices/notices")
        either = client.read_deployment_by_name("following__anyway/anyway")
        for number, job in enumerate(("lefts", "lefts", "rights"), start=1):
            assert project.run(job).is_completed()
            _runs(client, either.id, number)
        _runs(client, every.id, 1)
        assert _count(client, every.id) == 1
        assert project.run("rights").is_completed()
        _runs(client, either.id, 4)
        assert project.run("lefts").is_completed()
        _runs(client, every.id, 2)
        assert _count(client, every.id) == 2


def _count(client, deployment) -> int:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    chosen = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    return len(client.read_flow_runs(deployment_filter=chosen))


def _deploy(project, prefect_api: str) -> None:
    environment = {**os.environ, "PREFECT_API_URL": prefect_api, "PREFECT_DEPLOYMENTS_DEFAULT_WORK_POOL_NAME": "here"}
    for arguments in (["work-pool", "create", "here", "--type", "process", "--overwrite"], ["deploy", "--all"]):
        result = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=project.output,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout + result.stderr


def _scheduled_run(client, deployment):
    """A run that Prefect's scheduler made for the deployment."""
    return _runs(client, deployment, 1)


def _runs(client, deployment, count: int):
    """The latest run of a deployment, once there are so many."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
    from prefect.client.schemas.sorting import FlowRunSort

    chosen = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    end = time.monotonic() + 90
    while time.monotonic() < end:
        found = client.read_flow_runs(deployment_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_DESC)
        if len(found) >= count:
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"the deployment has not {count} runs")
