"""Routes: what is chosen is made, what is not is left out, and nobody takes what was made before."""

import pytest

from flowstone.errors import NotMaterializedError, OutputError
from flowstone.runtime.standing import standings

BRANCHES = """
@route(choices=["full", "part"], default="part", cache=False)
def mode() -> str | None:
    return (HERE / "choice").read_text() or None

@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]

@asset(routed_from="mode")
def part() -> list[int]:
    return [3]

@asset
def checked(full: list[int]) -> int:
    return len(full)

@asset
def orders(full: list[int] | None, part: list[int] | None, checked: int | None) -> str:
    return f"{full} {part} {checked}"
"""
STEPS = ("mode", "full", "part", "checked", "orders")


@pytest.fixture
def choose(make_project):
    def run(choice, like=None, text=BRANCHES):
        made = make_project(text, like=like)
        (made.root / "choice").write_text(choice)
        return made, {step: made.make(step).status for step in STEPS}

    return run


def test_what_is_not_chosen_is_skipped_and_so_is_what_needs_it(choose):
    made, statuses = choose("part")
    assert statuses == {
        "mode": "materialized",
        "full": "skipped",
        "part": "materialized",
        "checked": "skipped",
        "orders": "materialized",
    }
    assert made.make("full").reason == made.make("checked").reason == "mode chose 'part'"
    assert made.value("orders") == "None [3] None"
    assert made.make("full", force=True).status == "skipped"


def test_a_route_that_returns_nothing_chooses_its_default(choose):
    made, statuses = choose("")
    assert made.value("mode") == "part"
    assert statuses["part"] == "materialized"
    assert made.make("mode").records[0].metadata["choice"] == "part"


def test_what_was_made_when_it_was_chosen_does_not_count_any_more(choose):
    made, _ = choose("full")
    assert made.value("orders") == "[1, 2, 3] None 3"
    made, statuses = choose("part", like=made)
    assert statuses["orders"] == "materialized"
    assert made.value("orders") == "None [3] None"
    assert (made.value("full"), made.value("checked")) == ([1, 2, 3], 3)  # kept for the day it is chosen again
    made, statuses = choose("full", like=made)
    assert (statuses["full"], statuses["checked"]) == ("reused", "reused")
    assert made.value("orders") == "[1, 2, 3] None 3"


def test_status_tells_what_is_left_out(choose):
    made, _ = choose("full")
    made, _ = choose("part", like=made)
    found = {item.asset: (item.state, item.reasons) for item in standings(made.workspace, list(STEPS))}
    assert found["checked"] == found["full"] == ("left out", ("mode chose 'part'",))
    assert found["part"] == found["orders"] == ("current", ())


def test_nothing_counts_as_long_as_nothing_is_chosen(choose):
    made, _ = choose("full")
    manager, slot_of = made.workspace.storage("mode")
    manager.delete(slot_of(None))
    with pytest.raises(NotMaterializedError, match="mode is not materialized, and full reads it"):
        made.make("full")
    with pytest.raises(NotMaterializedError, match="full is not materialized, and checked reads it"):
        made.make("checked")


@pytest.mark.parametrize(
    ("body", "told"),
    [("'fast'", "mode returned 'fast'"), ("None", "mode returned nothing, and has no default"), ("3", "returned 3")],
)
def test_a_choice_that_there_is_not_is_an_error(make_project, body, told):
    made = make_project(
        f"@route(choices=['full'])\ndef mode() -> str:\n    return given()\ndef given():\n    return {body}\n"
    )
    with pytest.raises(OutputError, match=told) as caught:
        made.make("mode")
    assert caught.value.help == "its choices are 'full'"
    assert made.value("mode") is None


DAYS = """
days = DailyPartitions("2024-01-01", end="2024-02-01")
@route(choices=["full", "part"], partitioned_by=days)
def mode(ctx: Context) -> str:
    return "full" if ctx.partition.date.day == 1 else "part"
@asset(routed_from="mode", partitioned_by=days)
def full() -> int:
    return 1
@asset
def loads(full: dict[str, int]) -> list[str]:
    return sorted(full)
@asset
def all_loads(full: dict[str, int] | None) -> list[str]:
    return sorted(full or {})
@asset(partitioned_by=days, depends_on=[Dep("full", as_="before", partitions=Last(days=2))])
def window(before: dict[str, int]) -> int:
    return len(before)
"""


def test_keys_of_which_nothing_was_chosen_are_not_gathered(make_project):
    made = make_project(DAYS)
    with pytest.raises(NotMaterializedError, match="no partition of full is materialized"):
        made.make("loads")
    made.make("mode", "2024-01-02")
    assert (made.make("loads").status, made.make("loads").reason) == ("skipped", "no partition of full was chosen")
    assert made.make("all_loads").status == "materialized"
    made.make("mode", "2024-01-01")
    assert [made.make("full", f"2024-01-0{day}").status for day in (1, 2)] == ["materialized", "skipped"]
    assert made.make("loads").status == "materialized"
    assert made.value("loads") == ["2024-01-01"]
    assert made.make("window", "2024-01-02").reason == "mode[2024-01-02] chose 'part'"


def test_a_route_may_be_a_branch_of_another(make_project):
    made = make_project(
        "@route(choices=['inner', 'nothing'])\ndef outer() -> str:\n    return 'nothing'\n"
        "@asset(routed_from='outer')\ndef nothing() -> None: ...\n"
        "@route(choices=['one'], routed_from='outer')\ndef inner() -> str:\n    return 'one'\n"
        "@asset(routed_from='inner')\ndef one() -> int:\n    return 1\n"
    )
    statuses = [made.make(step).status for step in ("outer", "nothing", "inner", "one")]
    assert statuses == ["materialized", "materialized", "skipped", "skipped"]
    assert made.make("one").reason == "outer chose 'nothing'"


def test_a_chain_behind_a_branch_may_be_long(make_project):
    text = BRANCHES + "".join(
        f"@asset\ndef a{number}({'full' if not number else f'a{number - 1}'}: object) -> int:\n    return 1\n"
        for number in range(300)
    )
    made = make_project(text)
    (made.root / "choice").write_text("part")
    made.make("mode")
    assert made.make("a299").reason == "mode chose 'part'"


def test_another_default_is_another_route(make_project):
    text = "@route(choices=['one', 'two'], default='one')\ndef way() -> None: ...\n"
    made = make_project(text)
    made.make("way")
    changed = make_project(text.replace("default='one'", "default='two'"), like=made)
    assert changed.make("way").status == "materialized"
    assert changed.value("way") == "two"
