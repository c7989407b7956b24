import pytest

from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter

CHAIN = """
@asset
def raw() -> list[int]:
    return [1, 2]
@asset
def total(raw: list[int], weight: int = 1) -> int:
    return sum(raw) * weight
@asset
def report(total: int) -> str:
    return f"total {total}"
@asset
def other() -> int:
    return 1
"""
DAYS = """
@asset(partitioned_by=DailyPartitions("2024-01-01", end="2024-03-01"))
def day() -> int:
    return 1
@asset
def total(day: dict[str, int]) -> int:
    return sum(day.values())
@asset(partitioned_by=DailyPartitions("2024-01-01", end="2024-03-01"),
       depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
def balance(before: int | None, day: int) -> int:
    return (before or 0) + day
"""


class Heard(Reporter):
    """Keeps the status of each task."""

    def __init__(self):
        self.statuses = {}

    def finished(self, task, result):
        self.statuses[task.step, task.partition] = result.status

    def skipped(self, task, cause):
        self.statuses[task.step, task.partition] = "skipped"


def expected(made, steps=None, keys=(), **more):
    planned = plan(made.project, steps or list(made.project.steps), keys)
    return forecast(made.workspace, planned, **more)


def run(made, steps=None, keys=(), workspace=None, **more):
    workspace = workspace or made.workspace
    planned = forecast(workspace, plan(made.project, steps or list(made.project.steps), keys), **more)
    heard = Heard()
    execute(planned, workspace, Options("run", "inline"), heard)
    return heard.statuses


def told(planned):
    return {
        item.task.step if item.task.partition is None else f"{item.task.step} {item.task.partition}": " ".join(
            [item.action, *map(str, item.reasons)]
        )
        for item in planned.expectations
    }


def test_what_was_never_made_runs_and_is_reused_then(make_project):
    made = make_project(CHAIN)
    assert set(told(expected(made)).values()) == {"run never made"}
    run(made)
    assert set(told(expected(made)).values()) == {"reuse"}


def test_the_consumers_of_changed_code_may_run(make_project):
    made = make_project(CHAIN)
    run(made)
    changed = make_project(CHAIN.replace("sum(raw) *", "weight *"), like=made)
    assert told(expected(changed)) == {
        "raw": "reuse",
        "total": "run code changed",
        "report": "may run input may change: total",
        "other": "reuse",
    }


def test_a_value_that_comes_out_as_it_was_does_not_run_its_consumers(make_project):
    made = make_project(CHAIN)
    run(made)
    changed = make_project(CHAIN.replace("sum(raw) * weight", "weight * sum(raw)"), like=made)
    statuses = run(changed)
    assert statuses["total", None] == "materialized"
    assert statuses["report", None] == "reused"


def test_a_changed_value_runs_its_consumers(make_project):
    made = make_project(CHAIN)
    run(made)
    changed = make_project(CHAIN.replace("[1, 2]", "[1, 3]"), like=made)
    assert run(changed) == {
        ("raw", None): "materialized",
        ("total", None): "materialized",
        ("report", None): "materialized",
        ("other", None): "reused",
    }


def test_a_value_outside_of_the_plan_that_has_changed_is_known(make_project):
    made = make_project(CHAIN)
    run(made)
    changed = make_project(CHAIN.replace("[1, 2]", "[1, 3]"), like=made)
    run(changed, ["raw"])
    assert told(expected(changed, ["total", "report"])) == {
        "total": "run input changed: raw",
        "report": "may run input may change: total",
    }


def test_configuration_force_and_cache(make_project):
    made = make_project(CHAIN)
    run(made)
    weighty = make_project(CHAIN, like=made, params={"total": {"weight": 2}})
    assert told(expected(weighty))["total"] == "run configuration changed"
    assert set(told(expected(made, force=True)).values()) == {"run forced"}
    uncached = make_project(CHAIN.replace("@asset\ndef other", "@asset(cache=False)\ndef other"), like=made)
    assert told(expected(uncached))["other"] == "run cache=False"


def test_what_a_forced_run_has_done_is_judged_by_what_is_stored(make_project):
    made = make_project(CHAIN)
    run(made)
    told_now = told(expected(made, force=True, done={("raw", None)}))
    assert (told_now["raw"], told_now["total"]) == ("reuse", "run forced")


def test_what_is_damaged_or_gone_runs(make_project):
    made = make_project(CHAIN)
    run(made)
    data = made.root / ".flowstone" / "data" / "local"
    (data / "raw.json").unlink()
    (data / "total.json").write_text("4")
    (data / ".records" / "assets" / "other.json").write_text("{")
    found = told(expected(made))
    assert found["raw"] == "run the content is not that of the record"
    assert found["total"] == "run the content is not that of the record"
    assert found["other"] == "run the record cannot be read"


def test_what_cannot_be_made_is_blocked_with_all_that_needs_it(make_project):
    made = make_project(CHAIN)
    assert told(expected(made, ["total", "report"])) == {
        "total": "blocked input not stored: raw",
        "report": "blocked input cannot be made: total",
    }
    assert run(made, ["total", "report"]) == {("total", None): "failed", ("report", None): "skipped"}


def test_a_further_partition_runs_who_reads_all(make_project):
    made = make_project(DAYS)
    run(made, ["day", "total"], ["2024-01-01..2024-01-03"])
    found = told(expected(made, ["day", "total"], ["2024-01-02..2024-01-05"]))
    assert found["day 2024-01-03"] == "reuse"
    assert found["day 2024-01-04"] == "run never made"
    assert found["total"] == "run input new: day[2024-01-04], day[2024-01-05]"


def test_the_own_past_is_an_input_like_others(make_project):
    made = make_project(DAYS)
    keys = ["2024-01-01..2024-01-25"]
    run(made, ["day", "balance"], keys)
    assert set(told(expected(made, ["day", "balance"], keys)).values()) == {"reuse"}
    found = told(expected(made, ["balance"], ["2024-01-27"]))
    assert found["balance 2024-01-27"] == "blocked input not stored: day[2024-01-27]"
    assert run(made, ["day"], ["2024-01-03"], force=True) == {("day", "2024-01-03"): "materialized"}
    assert set(told(expected(made, ["day", "balance"], keys)).values()) == {"reuse"}


@pytest.mark.parametrize("edit", [("[1, 2]", "[2, 1]"), ("sum(raw)", "sum(reversed(raw))"), ("'", "'")])
@pytest.mark.parametrize("force", [False, True])
def test_a_run_does_what_was_planned(make_project, edit, force):
    made = make_project(CHAIN)
    run(made)
    changed = make_project(CHAIN.replace(*edit), like=made)
    planned = expected(changed, force=force)
    statuses = run(changed, force=force)
    allowed = {"run": {"materialized"}, "may run": {"materialized", "reused"}, "reuse": {"reused"}}
    for item in planned.expectations:
        assert statuses[item.task.step, item.task.partition] in allowed[item.action]


def test_a_store_that_cannot_be_read_fails_its_task_only(make_project):
    made = make_project(CHAIN)
    records = made.root / ".flowstone" / "data" / "local" / ".records"
    records.mkdir(parents=True)
    (records / "assets").mkdir()
    (records / "assets" / "other.json").mkdir()
    assert told(expected(made))["other"] == "run the store cannot be read"
    statuses = run(made)
    assert (statuses["other", None], statuses["report", None]) == ("failed", "materialized")


BRANCHES = """
@asset
def rows() -> int:
    return 1
@route(choices=["full", "part"])
def mode(rows: int) -> str:
    return "full" if rows > 10 else "part"
@asset(routed_from="mode")
def full() -> int:
    return 1
@asset(routed_from="mode")
def part() -> int:
    return 2
@asset
def checked(full: int) -> int:
    return full
@asset
def orders(full: int | None, part: int | None, checked: int | None) -> int:
    return full or part
"""


def test_a_branch_may_run_until_its_route_has_chosen(make_project):
    made = make_project(BRANCHES)
    undecided = "may run chosen or not by: mode"
    found = told(expected(made))
    assert (found["full"], found["part"], found["checked"]) == (undecided, undecided, undecided)
    assert found["orders"] == "run never made"
    statuses = run(made)
    assert {step for step, _ in statuses if statuses[step, None] == "skipped"} == {"full", "checked"}


def test_what_a_route_has_left_out_is_skipped(make_project):
    made = make_project(BRANCHES)
    run(made)
    skipped = "skip mode chose 'part'"
    reused = dict.fromkeys(("rows", "mode", "part", "orders"), "reuse")
    assert told(expected(made)) == {**reused, "full": skipped, "checked": skipped}
    assert told(expected(made, ["full"])) == {"full": skipped}
    assert told(expected(made, ["checked", "orders"])) == {"checked": skipped, "orders": "reuse"}
    statuses = run(made)
    assert statuses["full", None] == statuses["checked", None] == "skipped"


def test_another_choice_makes_what_takes_either(make_project):
    made = make_project(BRANCHES)
    run(made)
    changed = make_project(BRANCHES.replace("return 1\n@route", "return 20\n@route"), like=made)
    found = told(expected(changed))
    assert found["mode"] == "may run input may change: rows"
    assert found["orders"] == "may run input may change: full, part, checked"
    statuses = run(changed)
    assert statuses["part", None] == "skipped"
    assert [statuses[step, None] for step in ("full", "checked", "orders")] == ["materialized"] * 3
    assert told(expected(changed))["part"] == "skip mode chose 'full'"
    assert set(run(changed, force=True).values()) == {"materialized", "skipped"}


def test_branches_of_a_route_that_failed_are_not_run(make_project):
    made = make_project(BRANCHES.replace('return "full" if rows > 10 else "part"', "raise ValueError(rows)"))
    statuses = run(made)
    assert statuses["mode", None] == "failed"
    assert {statuses[step, None] for step in ("full", "part", "checked", "orders")} == {"skipped"}
