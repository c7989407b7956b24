"""Sensors on Airflow: its scheduler, its execution API and its database decide what runs, and what is refused."""

from __future__ import annotations

import pytest

FILES = """
@resource
def inbox() -> Path:
    return HERE / "inbox"

@asset
def lookup(ctx: Context) -> str:
    note(f"lookup {ctx.run_id}")
    return "x"

@asset(partitioned_by=DailyPartitions("2024-01-01"), cache=False)
def orders(lookup: str, ctx: Context, file: str = "") -> str:
    note(f"orders {ctx.partition.key} {file}")
    return file

@asset(partitioned_by=MonthlyPartitions("2024-01-01"), cache=False)
def months(orders: dict[str, str], ctx: Context) -> int:
    note(f"months {ctx.partition.key}")
    return len(orders)

load = Job("load", select="*")

@sensor(job="load", every="30s")
def files(cursor: str | None, inbox: Path) -> SensorResult:
    names = sorted(path.name for path in inbox.iterdir() if path.name > (cursor or ""))
    if "broken" in names:
        raise OSError("the folder is gone")
    found = [RunRequest(name, partition=name[:10], config={"orders.file": name}) for name in names]
    return SensorResult(found, cursor=max(names, default=None))
"""


def looks(project) -> list[str]:
    """What becomes of the sensor's task, look by look."""
    return [task.state for task in project.run("load", "sensor__files") if task.task == "files"]


def put(project, *names: str) -> None:
    (project.root / "inbox").mkdir(exist_ok=True)
    for name in names:
        (project.root / "inbox" / name).touch()


def test_a_key_starts_the_runs_of_its_partition_once(compile_project):
    from airflow.models.variable import Variable

    project = compile_project(FILES)
    put(project)
    assert looks(project) == ["skipped"]
    put(project, "2024-01-01 a", "2024-01-02")
    assert looks(project)[-1] == "success"
    wanted = ["orders 2024-01-01 2024-01-01 a", "orders 2024-01-02 2024-01-02"]
    assert sorted(item for item in project.notes() if "orders" in item) == wanted
    assert project.notes()[0].startswith("lookup sensor__files__"), "what reads it has waited for it"
    assert [state for _, state in project.world.runs(project.id("load", "daily"))] == ["success", "success"]
    assert looks(project)[-1] == "skipped", "nothing is new"
    Variable.delete(f"{project.project.name}__sensor__files__cursor")
    assert looks(project)[-1] == "skipped", "the cursor is lost, and Airflow has the runs already"
    assert len(project.notes()) == 3, "the lookup is up to date and taken as it is"


def test_a_look_that_fails_leaves_the_cursor_and_the_next_one_goes_on(compile_project):
    project = compile_project(FILES)
    put(project, "2024-01-01", "broken")
    assert looks(project) == ["failed"]
    assert any("the folder is gone" in error for error in project.world.errors)
    (project.root / "inbox/broken").unlink()
    assert looks(project) == ["failed", "success"]
    assert "orders 2024-01-01 2024-01-01" in project.notes()


def test_a_key_of_what_follows_starts_that(compile_project):
    text = FILES.replace('partition=name[:10], config={"orders.file": name}', "partition=name[:7]")
    project = compile_project(text.replace('DailyPartitions("2024-01-01")', 'DailyPartitions("2024-01-30")'))
    project.run("load")
    project.run("load", "daily", "2024-01-30", "2024-01-31")
    before = project.notes().count("months 2024-01")
    put(project, "2024-01 again")
    assert looks(project) == ["success"]
    assert project.notes().count("months 2024-01") == before + 1


def test_what_a_run_would_not_receive_is_refused(compile_project):
    text = FILES.replace("def months(orders: dict[str, str], ctx: Context)", MONTHS)
    wrong = '"months.limit": 2} if "b" in name else {"orders.file": name'
    project = compile_project(text.replace('"orders.file": name', wrong))
    put(project, "2024-01-01 a", "2024-01-02 b")
    assert looks(project) == ["failed"]
    assert any("has values for months" in error for error in project.world.errors)
    assert project.world.runs(project.id("load", "daily")) == []


MONTHS = "def months(orders: dict[str, str], ctx: Context, limit: int = 1)"

CELLS = """
both = MultiPartitions(day=DailyPartitions("2024-01-01"), region=StaticPartitions("eu", "us"))

@asset(partitioned_by=both, cache=False)
def cells(ctx: Context) -> str:
    note(ctx.partition.text)
    return "x"

load = Job("load", select="cells")

@sensor(job="load", every="30s")
def days() -> list[RunRequest]:
    return [RunRequest("all", partition="2024-01-01"), RunRequest("one", partition="2024-01-02.eu")]
"""


@pytest.mark.parametrize("schedule", ["", ', schedule=Cron("0 6 * * *", timezone="UTC")'])
def test_a_day_of_many_dimensions_is_all_of_its_keys(compile_project, schedule):
    project = compile_project(CELLS.replace('select="cells"', f'select="cells"{schedule}'))
    project.run("load", "sensor__days")
    assert sorted(project.notes()) == ["2024-01-01.eu", "2024-01-01.us", "2024-01-02.eu"]


REGIONS = """
@asset(partitioned_by=StaticPartitions("eu", "us"), cache=False)
def regions(ctx: Context) -> str:
    note(f"{ctx.partition.text} {ctx.run_id}")
    return "x"

load = Job("load", select="regions")

@sensor(job="load", every="30s")
def look() -> list[RunRequest]:
    return [RunRequest("all"), RunRequest("one", partition="eu")]
"""


def test_of_fixed_keys_all_are_made_if_none_is_asked_for(compile_project):
    project = compile_project(REGIONS)
    project.run("load", "sensor__look")
    assert sorted(item.split()[0] for item in project.notes()) == ["eu", "eu", "us"]
    assert "eu sensor__look__one" in project.notes()
    project.run("load", "sensor__look")
    assert len(project.notes()) == 3


def test_it_looks_by_the_clock(compile_project):
    project = compile_project(FILES)
    dag = project.world.dags[project.id("load", "sensor__files")]
    assert (type(dag.timetable).__name__, dag.max_active_runs, dag.catchup) == ("DeltaTriggerTimetable", 1, False)
    assert dag.get_task("files").execution_timeout.total_seconds() == 60


CUSTOMERS = """
both = MultiPartitions(day=DailyPartitions("2024-01-01"), customer=DynamicPartitions("customers"))

@asset(partitioned_by=both)
def cells() -> str:
    return "x"

@asset(partitioned_by=DynamicPartitions("customers"))
def profiles() -> str:
    return "x"

load = Job("load", select="cells")
know = Job("know", select="profiles")
"""


@pytest.mark.parametrize(
    ("step", "looks", "runs"),
    [
        (
            "cells",
            [("2024-01-01",), ("2024-01-02",)],
            [(f"k {name}", f"{name}.2024-01-0{day}") for day in (1, 2) for name in ("acme", "umbra")],
        ),
        ("cells", [("acme.2024-01-01",)], [("k", "acme.2024-01-01")]),
        ("profiles", [(), ()], [("k acme", "acme"), ("k umbra", "umbra")] * 2),
        ("profiles", [("acme",)], [("k", "acme")]),
    ],
)
def test_a_run_is_known_by_its_key_at_a_later_look(compile_project, step, looks, runs):
    from airflow.sdk.exceptions import AirflowFailException

    from flowstone.dsl.dynamic_partitions import written_key
    from flowstone.ir.run_requests import run_name
    from flowstone.runtime.airflow_sensor import SensorOperator
    from flowstone.runtime.registry import Registry
    from flowstone.runtime.run import Run
    from flowstone.runtime.sensing import Request
    from flowstone.runtime.workspace import Workspace

    project = compile_project(CUSTOMERS)
    workspace = Workspace.open(next(project.root.rglob("flowstone.json")))
    operator = SensorOperator(task_id="look", cursor="c", starts={"dag": [step]})
    if looks == [(), ()]:
        with pytest.raises(AirflowFailException, match="has no keys"):
            operator._asked(workspace, Request("k"))
    Registry(workspace, "customers").add(map(written_key, ("acme", "umbra")), Run("r", "local"))
    asked = [run for keys in looks for run in operator._asked(workspace, Request("k", keys))]
    wanted = [("dag", run_name("look", name), {"flowstone_partition": key}) for name, key in runs]
    assert asked == wanted
