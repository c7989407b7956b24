"""A run ends with what waits to be approved; approve and reject decide, and a later run goes on."""

import json

import pytest

TEXT = """
from flowstone import Approval, DailyPartitions, asset

days = DailyPartitions("2024-01-01", end="2024-01-05", timezone="UTC")

@asset
def figures() -> list[int]:
    return [1, 2]

@asset(checkpoint=Approval("Publish the report?"))
def report(figures: list[int]) -> str:
    return f"report {figures}"

@asset
def letter(report: str) -> str:
    return f"Dear reader: {report}"

@asset(partitioned_by=days, checkpoint=Approval("Publish the day?", approvers=["somebody else"]))
def day() -> int:
    return 1
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_run_ends_with_what_waits_and_resumes_once_it_is_approved(call, executor):
    result = call("run", "+letter", "--executor", executor)
    assert "report   waiting       waits for approval: Publish the report?" in result.output
    assert "waiting: flowstone approve report, or reject; to go on: " in result.output
    assert "waiting" in result.stdout.splitlines()[0]
    approved = call("approve", "report", "--why", "looks fine")
    assert "report  approved  by " in approved.output
    assert "looks fine" in approved.output
    resumed = call("run", "--resume", "last", "--executor", executor)
    assert "report   materialized" in resumed.output
    assert "letter   materialized" in resumed.output
    assert "reused" in call("run", "+letter", "--executor", executor).output


def test_what_was_rejected_is_skipped_in_later_runs(call):
    call("run", "+letter")
    call("reject", "report", "--why", "too early")
    output = call("run", "+letter").output
    assert output.count("too early") == 2
    assert "skipped" in output


def test_decisions_are_told_with_who_when_and_why(call):
    assert "nothing was asked yet" in call("decisions").output
    call("run", "+report")
    assert "report  asked  by local  Publish the report?" in call("decisions", "--waiting").output
    call("reject", "report", "--why", "too early")
    assert "nothing waits" in call("decisions", "--waiting").output
    asked, rejected = json.loads(call("decisions", "--output-format", "json").stdout)
    assert (asked["event"], rejected["event"], rejected["why"]) == ("asked", "rejected", "too early")
    assert rejected["by"] != ""
    assert rejected["at"] > asked["at"]


def test_what_cannot_be_decided_is_said(call):
    assert "nothing of report waits" in call("approve", "report", code=2).output
    assert "'raport' is no asset" in call("approve", "raport", code=2).output
    call("run", "day", "--partition", "2024-01-02")
    assert "day is partitioned" in call("approve", "day", code=2).output
    assert "2024-13-01" in call("approve", "day", "--partition", "2024-13-01", code=2).output
    assert "may not decide about day" in call("reject", "day", "--partition", "2024-01-02", code=2).output
    call("run", "+report")
    call("approve", "report")
    assert "nothing of report waits: report was approved by" in call("approve", "report", code=2).output
