"""What Prefect tells of assets."""

from __future__ import annotations

import json
import time
import urllib.request


def _events(api: str, key: str, count: int) -> list[dict]:
    """Materialization events of an asset, once there are so many; events arrive a little later than states."""
    query = {"event": {"prefix": ["prefect.asset.materialization"]}, "resource": {"id": [key]}, "order": "ASC"}
    request = urllib.request.Request(
        f"{api}/events/filter",
        data=json.dumps({"filter": query, "limit": 50}).encode(),
        headers={"Content-Type": "application/json"},
    )
    end = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(request) as response:
            found = json.load(response)["events"]
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.2)


def test_materializations_are_events_with_lineage_and_reuse_is_none(compile_project, prefect_api):
    project = compile_project(
        """
        days = DailyPartitions("2024-01-01")

        @asset
        def source() -> int:
            return 1

        @asset(partitioned_by=days, meta={"unit": "EUR"})
        def made(ctx: Context, source: int) -> int:
            ctx.add_metadata({"rows": 7})
            return source

        everything = Job("everything", select="*")
        """,
        name="events",
    )
    for day in ("2024-01-01", "2024-01-01", "2024-01-02"):
        assert project.run("everything", daily=day).is_completed()
    events = _events(prefect_api, "flowstone://events/made", 2)
    assert [event["event"].rpartition(".")[2] for event in events] == ["succeeded", "succeeded"]
    assert [event["payload"]["partition"] for event in events] == ["2024-01-01", "2024-01-02"]
    assert events[0]["payload"]["data_version"] == project.record("made", "2024-01-01").data_version
    assert events[0]["payload"]["user"] == {"rows": 7}
    assert events[0]["payload"]["meta"] == {"unit": "EUR"}
    related = {item["prefect.resource.id"] for item in events[0]["related"]}
    assert "flowstone://events/source" in related


def test_logs_of_assets_reach_the_flow_run(compile_project, prefect_api):
    project = compile_project(
        """
        @asset
        def talkative(ctx: Context) -> int:
            ctx.log.info("seen by Prefect")
            return 1

        everything = Job("everything", select="*")
        """
    )
    assert project.run("everything").is_completed()
    request = urllib.request.Request(
        f"{prefect_api}/logs/filter", data=b'{"limit": 200}', headers={"Content-Type": "application/json"}
    )
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with urllib.request.urlopen(request) as response:
            if "seen by Prefect" in [line["message"] for line in json.load(response)]:
                return
        time.sleep(0.2)
    raise AssertionError("the log line has not arrived")


def test_what_a_route_leaves_out_is_skipped_and_no_event(compile_project, prefect_api):
    project = compile_project(
        """
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

        branches = Job("branches", select="*")
        """,
        name="branching",
    )
    state = project.run("branches", mode__wanted="full")
    assert state.message == "4 Completed, 1 Skipped"
    assert project.value("both") == "full None 4"
    state = project.run("branches")
    assert state.message == "3 Completed, 2 Skipped"
    assert project.value("both") == "None part None"
    assert len(_events(prefect_api, "flowstone://branching/both", 2)) == 2
    assert len(_events(prefect_api, "flowstone://branching/full", 1)) == 1
    assert len(_events(prefect_api, "flowstone://branching/part", 1)) == 1
