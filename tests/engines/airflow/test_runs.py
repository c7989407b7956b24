"""What happens to tasks of an unpartitioned DAG."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from airflow.models.pool import Pool
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

CHAIN = """
@asset
def numbers() -> list[int]:
    note("numbers")
    return [1, 2, 3]

@asset
def total(numbers: list[int], factor: int = 1) -> int:
    note("total")
    return sum(numbers) * factor

chain = Job("chain", select="+total")
"""


def test_a_chain_runs_in_order_and_stores_its_values(compile_project):
    project = compile_project(CHAIN)
    assert [(task.task, task.state) for task in project.run("chain")] == [("numbers", "success"), ("total", "success")]
    assert project.notes() == ["numbers", "total"]
    assert project.value("total") == 6
    record = project.record("total")
    assert record is not None
    assert record.engine == "airflow"
    assert record.run_id.startswith("manual__")


def test_a_second_run_reuses_what_is_stored_and_succeeds(compile_project):
    project = compile_project(CHAIN)
    project.run("chain")
    tasks = project.run("chain")
    assert {task.state for task in tasks} == {"success"}
    assert project.notes() == ["numbers", "total"]


def test_a_run_can_replace_config_values(compile_project):
    project = compile_project(CHAIN)
    project.run("chain", conf={"total__factor": 10})
    assert project.value("total") == 60


def test_the_environment_replaces_config_values_that_a_run_leaves_alone(compile_project, monkeypatch):
    project = compile_project(CHAIN)
    monkeypatch.setenv("FLOWSTONE_PARAMS__TOTAL__FACTOR", "7")
    project.run("chain", conf={"total__factor": 1})
    assert project.value("total") == 42


def test_a_config_value_of_the_wrong_type_is_refused_when_the_run_is_made(compile_project):
    project = compile_project(CHAIN)
    with pytest.raises(Exception, match="total__factor"):
        project.run("chain", conf={"total__factor": "many"})


def test_downstream_of_a_failure_is_not_run(compile_project):
    project = compile_project(
        """
        @asset
        def broken() -> int:
            raise ValueError("no luck")

        @asset
        def after(broken: int) -> int:
            return broken

        @asset
        def aside() -> int:
            return 1

        all_of_it = Job("all_of_it", select="*")
        """
    )
    project.run("all_of_it")
    assert project.states("all_of_it") == {
        ("broken", None): "failed",
        ("after", None): "upstream_failed",
        ("aside", None): "success",
    }


RETRIES = """
@asset(retries=Retry(3, on=[{on}]))
def flaky() -> int:
    note("try")
    if len((HERE / "notes").read_text().split()) < 3:
        raise ConnectionError("not yet")
    return 1

job = Job("job", select="flaky")
"""


def test_a_failure_is_tried_again(compile_project):
    project = compile_project(RETRIES.format(on="OSError"))
    assert [task.state for task in project.run("job")] == ["success"]
    assert project.notes() == ["try"] * 3


@pytest.mark.parametrize("how", ["raise ConnectionError('not yet')", "raise SystemExit(3)"])
def test_an_exception_that_is_not_worth_a_retry_fails_at_once(compile_project, how):
    text = RETRIES.format(on="ValueError").replace('raise ConnectionError("not yet")', how)
    assert how in text
    project = compile_project(text)
    assert [task.state for task in project.run("job")] == ["failed"]
    assert project.notes() == ["try"]


def test_a_timeout_ends_the_step(compile_project):
    project = compile_project(
        """
        @asset(timeout="3s")
        def endless() -> int:
            import time
            while True:
                try:
                    time.sleep(60)
                except BaseException:
                    pass

        job = Job("job", select="endless")
        """
    )
    assert [task.state for task in project.run("job")] == ["failed"]
    assert "imeout" in project.world.errors[-1]


def test_a_step_within_its_timeout_is_stored(compile_project):
    project = compile_project(
        """
        @asset(timeout="1m", retries=1)
        def quick() -> int:
            return 5

        job = Job("job", select="quick")
        """
    )
    assert [task.state for task in project.run("job")] == ["success"]
    assert project.value("quick") == 5


def test_a_blocking_check_fails_the_task_without_a_retry(compile_project):
    project = compile_project(
        """
        @asset(retries=3)
        def number() -> int:
            note("number")
            return -1

        @check(asset="number", blocking=True)
        def positive(number: int) -> bool:
            return number > 0

        job = Job("job", select="number")
        """
    )
    assert [task.state for task in project.run("job")] == ["failed"]
    assert project.notes() == ["number"]
    assert project.record("number") is None


def test_several_outputs_have_an_event_each(compile_project):
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    project = compile_project(
        """
        @asset(outputs={"train": Output(), "test": Output()})
        def split() -> tuple[int, str]:
            return 1, "two"

        job = Job("job", select="*")
        """
    )
    project.run("job")
    assert (project.value("train"), project.value("test")) == (1, "two")
    with create_session() as session:
        query = select(AssetModel.name, AssetEvent.extra).join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
        events = {name: extra for name, extra in session.execute(query) if name.startswith(project.project.name)}
    assert set(events) == {f"{project.project.name}.train", f"{project.project.name}.test"}
    record = project.record("train")
    assert record is not None
    assert events[f"{project.project.name}.train"]["data_version"] == record.data_version


def test_another_job_is_started_by_what_it_reads(compile_project):
    project = compile_project(
        CHAIN
        + """
@asset
def report(total: int) -> str:
    return str(total)

reports = Job("reports", select="report")
"""
    )
    project.run("chain")
    assert project.states("reports") == {("report", None): "success"}


def test_a_failure_tells_no_secret(compile_project, monkeypatch, capfd):
    """Neither what Airflow prints and logs nor what it keeps of a task."""
    monkeypatch.setenv("ORDERS_TOKEN", "canary-token")
    monkeypatch.setenv("FLOWSTONE_PARAMS__BROKEN__TOKEN", '{"env": "ORDERS_TOKEN"}')
    project = compile_project(
        """
        @asset
        def broken(token: str = "") -> int:
            try:
                raise KeyError(token)
            except KeyError as error:
                raise ValueError(f"no use of {token}") from error

        secret = Job("secret", select="broken")
        """
    )
    assert [task.state for task in project.run("secret")] == ["failed"]
    said = "".join(capfd.readouterr())
    logs = [path.read_text() for path in Path(os.environ["AIRFLOW_HOME"]).rglob("*.log")]
    assert "no use of ***" in "".join([said, *logs])
    assert "canary" not in "".join([said, *logs])


@pytest.fixture
def connection():
    """A connection in Airflow's database."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add(Connection(conn_id="shop", uri=URI))
    yield
    with create_session() as session:
        session.query(Connection).filter(Connection.conn_id == "shop").delete()


URI = "postgres://user:canary-pass@host:5432/db"
CONNECTED = """
import hashlib

@asset
def inside(url: str = "") -> str:
    return hashlib.sha256(url.encode()).hexdigest()

@asset(timeout="60s")
def apart(url: str = "") -> str:
    return hashlib.sha256(url.encode()).hexdigest()

connected = Job("connected", select="*")
"""


def test_connections_of_airflow_are_secrets(compile_project, connection, monkeypatch):
    for asset in ("INSIDE", "APART"):
        monkeypatch.setenv(f"FLOWSTONE_PARAMS__{asset}__URL", '{"airflow_connection": "shop"}')
    project = compile_project(CONNECTED)
    assert {task.state for task in project.run("connected")} == {"success"}
    digest = hashlib.sha256(URI.encode()).hexdigest()
    assert (project.value("inside"), project.value("apart")) == (digest, digest)


def test_a_connection_that_airflow_lacks_is_named(compile_project, monkeypatch, capfd):
    monkeypatch.setenv("FLOWSTONE_PARAMS__INSIDE__URL", '{"airflow_connection": "nowhere"}')
    project = compile_project(CONNECTED)
    assert ("inside", "failed") in [(task.task, task.state) for task in project.run("connected")]
    assert "inside.url needs the Airflow connection 'nowhere'" in "".join(capfd.readouterr())


BRANCHES = """
@route(choices=["full", "part"], cache=False)
def mode(wanted: str = "part") -> str:
    return wanted

@asset(routed_from="mode")
def full() -> str:
    return "full"

@asset(routed_from="mode", timeout="1m")
def part() -> str:
    return "part"

@asset
def checked(full: str) -> int:
    return len(full)

@asset
def both(full: str | None, part: str | None, checked: int | None) -> str:
    return f"{full} {part} {checked}"

branches = Job("branches")
"""


def test_branches_that_are_not_chosen_are_skipped(compile_project):
    project = compile_project(BRANCHES)
    states = {task.task: task.state for task in project.run("branches", conf={"mode__wanted": "full"})}
    assert states == {**dict.fromkeys(("mode", "full", "checked", "both"), "success"), "part": "skipped"}
    assert project.value("both") == "full None 4"
    states = {task.task: task.state for task in project.run("branches")}
    assert states == {**dict.fromkeys(("mode", "part", "both"), "success"), "full": "skipped", "checked": "skipped"}
    assert project.value("both") == "None part None"


SCATTER = """
@asset
def urls() -> list[str]:
    return ["a", "b", "c"]

@asset(scatter=Scatter(over="urls", as_="url", max_concurrent=1), retries=1)
def sizes(url: str) -> int:
    note(url)
    if (HERE / "notes").read_text().split() == ["a", "b"]:
        raise ConnectionError("not yet")
    return len(url)

scattering = Job("scattering")
"""


def test_items_that_are_done_are_not_done_again(compile_project):
    project = compile_project(SCATTER)
    assert {task.state for task in project.run("scattering")} == {"success"}
    assert project.notes() == ["a", "b", "b", "c"]
    assert project.value("sizes") == [1, 1, 1]


LIMITED = """
@asset(concurrency="one")
def first() -> int:
    return 1

@asset(concurrency="one")
def second() -> int:
    return 2

limited = Job("limited", concurrency=1)
"""


def test_a_limit_is_a_pool_with_that_many_slots(compile_project):
    project = compile_project(LIMITED)
    assert {(task.task, task.state) for task in project.run("limited")} == {("first", "success"), ("second", "success")}
    name = f"{project.project.name}__one"
    with create_session() as session:
        pool = Pool.get_pool(name, session=session)
        tasks = session.scalars(select(TaskInstance).where(TaskInstance.pool == name)).all()
    assert pool.slots == 1
    assert {task.task_id for task in tasks} == {"first", "second"}


JOIN = """
@asset
def source() -> str:
    if (HERE / "broken").exists():
        raise ValueError("no source")
    return "north"

@asset
def maps(source: str) -> str:
    return source

@asset
def news() -> str:
    return "rain"

@join(branches={"pictures": "maps", "news": "news"}, on_failure="partial")
def edition(pictures: str | Failure, news: str | Failure) -> str:
    return f"{pictures}; {news}"

@join(branches={"pictures": "maps", "news": "news"}, on_failure="partial", timeout="1m")
def titled(pictures: str | Failure, news: str | Failure, source: str) -> str:
    return source

joined = Job("joined")
"""


def test_a_join_receives_the_failure_of_a_branch_and_the_run_fails(compile_project):
    project = compile_project(JOIN)
    (project.root / "broken").touch()
    states = {task.task: task.state for task in project.run("joined")}
    assert states == {
        "source": "failed",
        "maps": "upstream_failed",
        "news": "success",
        "edition": "success",
        "titled": "failed",
        "failed-branches": "failed",
    }
    assert project.value("edition") == "maps was not made; rain"
    (project.root / "broken").unlink()
    states = {task.task: task.state for task in project.run("joined")}
    assert states == {
        **dict.fromkeys(("source", "maps", "news", "edition", "titled"), "success"),
        "failed-branches": "skipped",
    }
    assert project.value("edition") == "north; rain"
    assert [state for _, state in project.world.runs(project.id("joined"))] == ["failed", "success"]
