"""Joins that take failures: they are made whatever became of their branches, and again when that changes."""

import pytest

from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter
from flowstone.runtime.standing import standings

BRANCHES = """
def broken(name):
    return (HERE / name).exists()

@asset(cache=False)
def source() -> str:
    if broken("no source"):
        raise ValueError("no source")
    return "north"
@asset(cache=False)
def maps(source: str) -> str:
    if broken("no maps"):
        raise ValueError("no maps")
    return source
@asset
def news() -> str:
    return "rain"
@join(branches={"pictures": "maps", "news": "news"}, on_failure="partial")
def edition(pictures: str | Failure, news: str | Failure) -> str:
    return f"{pictures}; {news}"
@asset
def printed(edition: str) -> str:
    return edition.upper()
@asset
def atlas(maps: str) -> str:
    return maps
"""


class Heard(Reporter):
    """Keeps the status of each task."""

    def __init__(self):
        self.statuses = {}

    def finished(self, task, result):
        self.statuses[task.step] = result.status

    def skipped(self, task, cause):
        self.statuses[task.step] = "not run"


def run(made, executor="inline", keys=(), steps=None):
    planned = forecast(made.workspace, plan(made.project, steps or list(made.project.steps), keys))
    heard = Heard()
    options = Options("run", executor, 2, manifest=made.manifest, logs=made.root / "logs")
    heard.summary = execute(planned, made.workspace, options, heard)
    return heard


@pytest.fixture
def made(make_project):
    return make_project(BRANCHES)


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_join_receives_the_failure_of_a_branch_and_what_needs_the_branch_does_not_run(made, executor):
    (made.root / "no maps").touch()
    heard = run(made, executor)
    assert heard.statuses == {
        "source": "materialized",
        "maps": "failed",
        "news": "materialized",
        "edition": "materialized",
        "printed": "materialized",
        "atlas": "not run",
    }
    assert made.value("printed") == "MAPS WAS NOT MADE; RAIN"
    assert not heard.summary.ok


def test_what_was_made_before_does_not_stand_in_for_a_branch_that_failed(made):
    assert run(made).summary.ok
    assert made.value("edition") == "north; rain"
    (made.root / "no maps").touch()
    run(made)
    assert made.value("maps") == "north"
    assert made.value("edition") == "maps was not made; rain"
    (standing,) = standings(made.workspace, ["edition"])
    assert standing.record is not None
    assert [version.asset for version in standing.record.inputs] == ["news"]
    assert run(made).statuses["edition"] == "reused"
    (made.root / "no maps").unlink()
    assert run(made).summary.ok
    assert made.value("edition") == "north; rain"


def test_a_branch_whose_own_input_failed_has_failed(made):
    (made.root / "no source").touch()
    heard = run(made)
    assert (heard.statuses["maps"], heard.statuses["edition"]) == ("not run", "materialized")
    assert made.value("edition") == "maps was not made; rain"


def test_a_branch_that_nobody_makes_is_a_failure_and_the_plan_says_that_the_join_runs(made):
    planned = forecast(made.workspace, plan(made.project, ["news", "edition"]))
    assert [item.action for item in planned.expectations] == ["run", "run"]
    assert run(made, steps=["news", "edition"]).summary.ok
    assert made.value("edition") == "maps was not made; rain"
    (standing,) = standings(made.workspace, ["edition"])
    assert standing.state == "current"


def test_the_other_dependencies_of_a_join_are_needed(make_project):
    made = make_project("""
@asset
def title() -> str:
    raise ValueError
@asset
def maps() -> str:
    return "north"
@join(branches={"maps": "maps"}, on_failure="partial")
def edition(maps: str | Failure, title: str) -> str:
    return title
@join(branches={"maps": "maps", "title": "title"})
def whole(maps: str, title: str) -> str:
    return title
""")
    assert run(made).statuses == {"title": "failed", "maps": "materialized", "edition": "not run", "whole": "not run"}


def test_a_failure_names_the_partition(make_project):
    made = make_project("""
days = DailyPartitions("2024-01-01")
@asset(partitioned_by=days)
def maps(ctx: Context) -> str:
    if ctx.partition.key == "2024-01-02":
        raise ValueError
    return ctx.partition.key
@join(branches={"maps": "maps"}, on_failure="partial", partitioned_by=days)
def day(maps: str | Failure) -> str:
    return str(maps)
@join(branches={"maps": "maps"}, on_failure="partial")
def all_of_them(maps: dict[str, str] | Failure) -> str:
    return f"{maps.asset} {maps.partition}" if isinstance(maps, Failure) else "all"
""")
    run(made, keys=["2024-01-01..2024-01-03"])
    assert made.value("all_of_them") == "maps 2024-01-02"
    assert [made.value("day", f"2024-01-0{n}") for n in (1, 2, 3)] == [
        "2024-01-01",
        "maps, partition 2024-01-02, was not made",
        "2024-01-03",
    ]
