"""Jobs that run after others, by Airflow's own events."""

from __future__ import annotations

PLAIN = """
@asset(cache=False)
def left() -> int:
    return 1

@asset(cache=False)
def right() -> int:
    return 2

@asset(cache=False)
def both(ctx: Context) -> int:
    note("both")
    return 3

@asset(cache=False)
def either(ctx: Context) -> int:
    note("either")
    return 3

lefts = Job("lefts", select="left")
rights = Job("rights", select="right")
boths = Job("boths", select="both", schedule=OnUpdate("left", "right"))
eithers = Job("eithers", select="either", schedule=OnUpdate("left", "right", when="any"))
"""


def test_all_or_any_of_several_assets(compile_project):
    project = compile_project(PLAIN)
    project.run("lefts")
    assert project.notes() == ["either"]
    project.run("rights")
    assert sorted(project.notes()) == ["both", "either", "either"]
    project.run("rights")
    assert project.notes().count("both") == 1
    project.run("lefts")
    assert project.notes().count("both") == 2
    assert project.notes().count("either") == 4


KEYED = """
days = DailyPartitions("2024-01-01")

@asset(partitioned_by=days)
def left(ctx: Context) -> str:
    return ctx.partition.key

@asset(partitioned_by=days)
def right(ctx: Context) -> str:
    return ctx.partition.key

@asset(partitioned_by=days)
def both(left: str, right: str) -> str:
    return left + right

@asset(partitioned_by=WeeklyPartitions("2024-01-01"))
def week(left: dict[str, str]) -> int:
    return len(left)

@asset(partitioned_by=days)
def either(ctx: Context) -> str:
    return ctx.partition.key

lefts = Job("lefts", select="left")
rights = Job("rights", select="right")
boths = Job("boths", select="both", schedule=OnUpdate("left", "right"))
weeks = Job("weeks", select="week", schedule=OnUpdate("left"))
eithers = Job("eithers", select="either", schedule=OnUpdate("left", "right", when="any"))
"""


def test_the_key_is_that_of_the_event_or_of_the_period_that_it_completes(compile_project):
    project = compile_project(KEYED)
    days = [f"2024-01-{day:02}" for day in range(1, 8)]
    project.run("lefts", "daily", *days[:2])
    project.run("rights", "daily", days[1])
    assert project.states("boths", "daily") == {("both", days[1]): "success"}
    assert project.states("eithers", "daily") == {("either", day): "success" for day in days[:2]}
    assert project.states("weeks", "weekly") == {}
    project.run("lefts", "daily", *days[2:])
    assert project.value("week", "2024-01-01") == 7
