import time

import pytest

from flowstone.errors import UsageError
from flowstone.runner.plan import plan

DAYS = """
days = DailyPartitions("2024-01-01", end="2024-04-01")
months = MonthlyPartitions("2024-01-01", end="2024-04-01")
@asset
def airports() -> int:
    return 1
@asset(partitioned_by=days)
def day(airports: int) -> int:
    return 1
@asset(partitioned_by=days, depends_on=[Dep("day", as_="week", partitions=Last(days=2))])
def trend(week: dict[str, int]) -> int:
    return 1
@asset(partitioned_by=months)
def month(day: dict[str, int]) -> int:
    return 1
@asset
def report(month: dict[str, int]) -> int:
    return 1
"""


def _names(planned):
    return [task.step if task.partition is None else f"{task.step} {task.partition}" for task in planned.tasks]


def _needs(planned, name):
    names = _names(planned)
    return {names[need] for need in planned.tasks[names.index(name)].needs}


def test_partitions_are_ordered_by_what_they_read(make_project):
    project = make_project(DAYS).project
    planned = plan(project, list(project.steps), ["2024-01-30..2024-02-01"])
    assert _needs(planned, "day 2024-01-31") == {"airports"}
    assert _needs(planned, "trend 2024-01-31") == {"day 2024-01-30", "day 2024-01-31"}
    assert _needs(planned, "month 2024-01") == {"day 2024-01-30", "day 2024-01-31"}
    assert _needs(planned, "report") == {"month 2024-01"}


def test_every_task_follows_what_it_needs(make_project):
    project = make_project(DAYS).project
    planned = plan(project, list(project.steps), ["2024-01-01..2024-03-31"])
    assert len(planned.tasks) == 1 + 91 * 2 + 3 + 1
    assert all(need < place for place, task in enumerate(planned.tasks) for need in task.needs)


def test_steps_without_a_key_are_named(make_project):
    project = make_project(DAYS).project
    planned = plan(project, list(project.steps), ["2024-01-05"])
    assert planned.without_key == ("month", "report")
    assert "month" not in {task.step for task in planned.tasks}


@pytest.mark.parametrize(("offset", "expected"), [(-1, ["1", "2", "3"]), (1, ["3", "2", "1"])])
def test_an_asset_that_reads_its_own_neighbour_runs_in_order(make_project, offset, expected):
    project = make_project(f"""
@asset(partitioned_by=DailyPartitions("2024-01-01"),
       depends_on=[Dep("sum", as_="other", optional=True, partitions=Offset({offset}))])
def sum(other: int | None) -> int:
    return 1
""").project
    planned = plan(project, ["sum"], ["2024-01-01..2024-01-03"])
    assert [task.partition[-1] for task in planned.tasks] == expected


def test_only_what_is_selected_is_planned(make_project):
    project = make_project(DAYS).project
    planned = plan(project, ["trend"], ["2024-01-02"])
    assert _names(planned) == ["trend 2024-01-02"]
    assert planned.tasks[0].needs == ()


def test_a_circle_is_told(make_project):
    made = make_project("@asset\ndef a(b: int) -> int:\n    return 1\n@asset\ndef b(a: int) -> int:\n    return 1\n")
    with pytest.raises(UsageError, match="a, b"):
        plan(made.project, ["a", "b"])


def test_ten_thousand_tasks_are_planned_in_little_time(make_project):
    text = "days = DailyPartitions('2000-01-01')\n@asset(partitioned_by=days)\ndef a0() -> int:\n    return 1\n"
    for number in range(1, 10):
        text += f"@asset(partitioned_by=days)\ndef a{number}(a{number - 1}: int) -> int:\n    return 1\n"
    project = make_project(text).project
    started = time.process_time()
    planned = plan(project, list(project.steps), ["2000-01-01..2002-09-26"])
    elapsed = time.process_time() - started
    assert len(planned.tasks) == 10_000
    assert elapsed < 1.0  # it takes a tenth of that
