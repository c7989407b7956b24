"""Rules about the graph, on graphs of every size."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from flowstone.diagnostics.render_text import render_text
from flowstone.dsl.mappings import Last, Offset
from flowstone.dsl.partitions import DailyPartitions
from flowstone.dsl.schedule import Cron, Every

DAYS = DailyPartitions("2024-01-01")
NIGHTLY = Cron("0 6 * * *", "UTC")


def test_a_small_cycle_is_shown_whole(build):
    build.asset("a", build.dep("c")).asset("b", build.dep("a")).asset("c", build.dep("b"))

    (found,) = build.findings("FS202")

    assert found.message == "steps wait for each other: a -> c -> b -> a"
    assert [related.message for related in found.related] == ["'c' needs 'b'", "'b' needs 'a'"]
    assert found.span.line == 1


def test_every_cycle_is_found_once(build):
    build.asset("a", build.dep("b")).asset("b", build.dep("a"))
    build.asset("c", build.dep("d")).asset("d", build.dep("c"), build.dep("a"))

    assert [item.message.rpartition(": ")[2] for item in build.findings("FS202")] == ["a -> b -> a", "c -> d -> c"]


def test_the_shortest_way_round_is_shown(build):
    build.asset("a", build.dep("b"))
    build.asset("b", build.dep("c"), build.dep("a")).asset("c", build.dep("a"))

    (found,) = build.findings("FS202")

    assert found.message.endswith(": a -> b -> a")


def test_a_cycle_of_thousands_is_shown_in_a_few_lines(build):
    for number in range(5000):
        build.asset(f"a{number}", build.dep(f"a{(number + 1) % 5000}"))

    (found,) = build.findings("FS202")
    text = render_text([found], {"pipelines/example.py": "x = 1\n" * 5000})

    assert len(text.splitlines()) <= 20
    assert max(map(len, text.splitlines())) < 250
    assert "(4,990 more)" in text


def test_a_long_chain_is_no_problem(build):
    build.asset("a0")
    for number in range(1, 5000):
        build.asset(f"a{number}", build.dep(f"a{number - 1}", "int"))

    assert build.findings() == []


def test_an_asset_with_thousands_of_inputs_is_no_problem(build):
    for number in range(5000):
        build.asset(f"a{number}")
    build.asset("all", *(build.dep(f"a{number}", "int") for number in range(5000)))

    assert build.findings() == []


def test_rules_take_little_time_for_a_clean_project(build):
    build.asset("a0")
    for number in range(1, 1000):
        build.asset(f"a{number}", build.dep(f"a{number - 1}", "int"), build.dep(f"a{number // 2}", "int"))
    project = build.project
    assert build.findings() == []  # everything is imported

    from flowstone.checks.catalog import all_rules
    from flowstone.checks.engine import apply
    from flowstone.checks.subject import Subject

    start = time.process_time()
    found = list(apply(all_rules(), Subject(project)))

    assert found == []
    assert time.process_time() - start < 0.5  # 0.04 on a quiet machine


@pytest.mark.parametrize(
    ("mapping", "codes"),
    [(None, ["FS203"]), (Offset(-1), []), (Offset(0), ["FS203"]), (Offset(1), ["FS203"]), (Last(days=2), ["FS203"])],
)
def test_an_asset_reads_only_its_past(build, mapping, codes):
    build.asset("a", build.dep("a", mapping=mapping), partitions=DAYS)

    assert [item.code for item in build.findings("FS203")] == codes


def test_an_unknown_upstream_is_told_with_the_nearest(build):
    build.asset("orders").asset("report", build.dep("order"))

    (found,) = build.findings("FS201")

    assert found.message == "'report' depends on 'order', which is not defined"
    assert found.help == "did you mean 'orders'?"


def test_a_check_of_an_unknown_asset_is_told_once(build):
    build.asset("orders").check("fine", "order")

    assert [item.code for item in build.findings()] == ["FS113"]


def test_what_a_scheduled_job_reads_must_be_triggered_by_something(build):
    build.asset("a").asset("b", build.dep("a")).asset("c", build.dep("b"))
    build.job("manual", "a").job("clock", "c", schedule=NIGHTLY).job("between", "b")

    assert [item.message for item in build.findings("FS204")] == ["nothing triggers 'b', which 'c' reads on a schedule"]


def test_events_trigger_too(build):
    build.asset("a").asset("b", build.dep("a")).asset("c", build.dep("b"))
    build.job("first", "a", schedule=Every("1h")).job("between", "b").job("clock", "c", schedule=NIGHTLY)

    assert build.findings("FS204") == []


def test_without_any_schedule_nothing_is_said_of_triggers(build):
    build.asset("a").asset("b", build.dep("a")).job("all", "a", "b")

    assert build.findings("FS204") == []


def test_a_job_of_nothing_is_told(build):
    build.job("empty")

    assert [item.code for item in build.findings()] == ["FS205"]


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [("Orders", "orders", "only by case"), ("shop.orders", "shop_orders", "dots and underscores")],
)
def test_names_that_become_one_are_told(build, one, other, words):
    build.asset(one).asset(other)

    found = build.findings("FS109")

    assert found
    assert all(words in item.message for item in found)


def test_resource_cycles_are_found_with_their_path(build):
    build.resource("a", "b").resource("b", "c").resource("c", "a").resource("d", "a").resource("e", "e")

    assert [item.message for item in build.findings("FS702")] == [
        "resources need each other: a -> b -> c -> a",
        "resources need each other: e -> e",
    ]


def test_a_long_cycle_of_resources_is_shown_in_a_few_lines(build):
    for number in range(3000):
        build.resource(f"r{number}", f"r{(number + 1) % 3000}")

    (found,) = build.findings("FS702")

    assert len(render_text([found], {}).splitlines()) <= 20


def test_an_unknown_resource_of_a_resource_is_told(build):
    build.resource("database").resource("session", "databse")

    (found,) = build.findings("FS701")

    assert found.help == "did you mean 'database'?"


def test_a_graph_without_a_cycle_does_not_load_networkx():
    program = (
        "import sys; from flowstone.checks.cycles import find_cycles;"
        "assert find_cycles({'a': ['b'], 'b': []}) == [];"
        "assert 'networkx' not in sys.modules;"
        "assert find_cycles({'a': ['b'], 'b': ['a']}) == [['a', 'b', 'a']]"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
