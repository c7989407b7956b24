import json

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

TEXT = """
from flowstone import DailyPartitions, MonthlyPartitions, asset

days = DailyPartitions("2024-01-01", end="2024-04-01")
months = MonthlyPartitions("2024-01-01", end="2024-04-01")

@asset
def greeting(name: str = "world") -> str:
    return f"hello {name}"

@asset(partitioned_by=days)
def day(greeting: str) -> int:
    return len(greeting)

@asset(partitioned_by=months)
def month(day: dict[str, int]) -> int:
    return len(day)
"""
WEEK = ("--partitions", "2024-01-01..2024-01-07")


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.fixture
def call(project):
    def call(command, *arguments, **more):
        return CliRunner().invoke(cli, [command, "-C", str(project), *arguments], **more)

    return call


def lines(result):
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_a_line_for_each_asset_and_a_sum(call):
    result = call("plan", "greeting", "day", *WEEK)
    assert result.exit_code == 0
    assert lines(result) == [
        "greeting run never made",
        "day run 7 partitions, 2024-01-01 to 2024-01-07 never made",
        "8 run",
    ]


def test_nothing_is_run_or_written(call, project):
    call("plan", "greeting", "day", *WEEK)
    assert not (project / ".flowstone" / "data").exists()


def test_after_a_run_all_is_reused_and_a_set_value_is_not(call):
    assert call("run", "greeting", "day", *WEEK).exit_code == 0
    assert lines(call("plan", "greeting", "day", *WEEK))[-1] == "8 reuse"
    found = lines(call("plan", "greeting", "day", *WEEK, "--set", "greeting.name=you"))
    assert found == [
        "greeting run configuration changed",
        "day may run 7 partitions, 2024-01-01 to 2024-01-07 input may change: greeting",
        "1 run, 7 may run",
    ]


def test_all_gives_a_line_for_each_partition(call):
    found = lines(call("plan", "greeting", "day", *WEEK, "--all"))
    assert found[1] == "day run 2024-01-01 never made"
    assert len(found) == 9


def test_json_tells_each_task(call):
    call("run", "greeting", "day", *WEEK)
    result = call("plan", "greeting", "day", "--partition", "2024-01-08", "--force", "--output-format", "json")
    document = json.loads(result.stdout)
    assert (document["run"], document["may_run"], document["reuse"], document["blocked"]) == (2, 0, 0, 0)
    assert document["tasks"][1] == {
        "step": "day",
        "partition": "2024-01-08",
        "action": "run",
        "reasons": [
            {"kind": "forced", "text": "forced", "inputs": []},
            {"kind": "never made", "text": "never made", "inputs": []},
        ],
    }


def test_what_gets_no_key_is_noted_and_what_cannot_be_done_exits_2(call):
    assert "no key of this run completes a month" in call("plan", *WEEK).stderr
    assert call("plan", "day").exit_code == 2
    assert call("plan", "nothing_like_it").exit_code == 2


class TestInvalidate:
    def test_what_is_removed_is_made_again(self, call):
        call("run", "greeting", "day", *WEEK)
        result = call("invalidate", "day", "--partition", "2024-01-02", "--yes")
        assert (result.exit_code, result.stdout) == (0, "day[2024-01-02]\n")
        assert lines(call("plan", "greeting", "day", *WEEK))[-1] == "1 run, 7 reuse"

    def test_it_asks_before(self, call):
        call("run", "greeting", "day", *WEEK)
        result = call("invalidate", "day", input="n\n")
        assert result.exit_code == 1
        assert "Remove 7 values?" in result.stderr
        assert lines(call("plan", "greeting", "day", *WEEK))[-1] == "8 reuse"

    def test_nothing_stored_is_said(self, call):
        assert "nothing of it is stored" in call("invalidate", "greeting").stderr

    @pytest.mark.parametrize("arguments", [(), ("greting",), ("day", "--partition", "soon")])
    def test_what_cannot_be_meant_exits_2(self, call, arguments):
        assert call("invalidate", *arguments, "--yes").exit_code == 2
