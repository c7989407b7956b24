"""``flowstone calendar``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.stores import to_json, workspace_of
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.checks.firings import Firing
    from flowstone.ir.job import Job
    from flowstone.ir.project import Project

_COUNTED = "counted from 2000-01-01 UTC, as on Prefect; Airflow counts from its last run"

_YEARS = range(1970, 2200)
"""Those in which time zones have rules that can be relied on."""


@click.command("calendar")
@click.argument("jobs", nargs=-1)
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs of each job.")
@click.option("--from", "start", metavar="INSTANT", help="As in 2026-03-28T12:00; default: now. Without a zone: UTC.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def calendar(
    jobs: tuple[str, ...], count: int, start: str | None, output_format: str, project: Path, profile: str | None
) -> None:
    """Show when JOBS run next (default: all with a schedule or a sensor), and which partitions the runs make.

    On days when clocks are changed the engines read a schedule differently: what only one of them does is told.
    """
    after = _instant(start)
    ir = workspace_of(project, profile).project
    found = [_entry(ir, job, after, count) for job in _chosen(ir, jobs)]
    if output_format == "json":
        click.echo(to_json([_json(item) for item in found]))
        return
    for place, item in enumerate(found):
        if place:
            click.echo()
        for line in _lines(item):
            click.echo(line)
    if not found:
        click.echo("no job has a schedule or a sensor", err=True)


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--from: {text!r} is no instant", help="write it as in 2026-03-28T12:00+01:00") from error
    if found.year not in _YEARS:
        raise UsageError(f"--from: {text!r} is not between {_YEARS.start} and {_YEARS.stop - 1}")
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)


def _chosen(project: Project, names: tuple[str, ...]) -> list[Job]:
    from flowstone.diagnostics.suggest import did_you_mean

    for name in names:
        if name not in project.jobs:
            raise UsageError(f"there is no job {name!r}", help=did_you_mean(name, project.jobs))
    jobs = [project.jobs[name] for name in dict.fromkeys(names)] if names else project.jobs.values()
    return [job for job in jobs if names or job.schedule is not None or job.name in project.sensors_of]


def _entry(project: Project, job: Job, after: datetime, count: int) -> dict[str, Any]:
    """What is told of a job."""
    from flowstone.checks.firings import next_firings
    from flowstone.dsl.schedule import Every, OnUpdate
    from flowstone.ir.text import schedule_text
    from flowstone.ir.updates import updates_of

    schedule = job.schedule
    clock = None if isinstance(schedule, OnUpdate) else schedule
    try:
        firings = () if clock is None else next_firings(clock, after, count)
    except (ValueError, OverflowError) as error:  # the calendar of Python ends with the year 9999
        raise UsageError(f"job {job.name!r} has no {count:,} runs within reach", help="ask for fewer") from error
    return {
        "job": job.name,
        "schedule": None if schedule is None else schedule_text(schedule),
        "note": _COUNTED if isinstance(schedule, Every) else None,
        "follows": list(updates_of(project, job)),
        "sensors": [sensor.name for sensor in project.sensors_of.get(job.name, ())],
        "firings": [(firing, _makes(project, job, firing)) for firing in firings],
    }


def _makes(project: Project, job: Job, firing: Firing) -> dict[str, str]:
    """The keys of the last periods that are over, by the parameter that takes each."""
    from flowstone.dsl.partitions import TimePartitions
    from flowstone.ir.run_parameters import partition_parameters

    definitions = partition_parameters(project, job.steps)
    times = {name: item for name, item in definitions.items() if isinstance(item, TimePartitions)}
    keys = {name: item.last_closed(firing.at) for name, item in times.items()}
    return {name: key.text for name, key in keys.items() if key is not None}


def _json(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        **entry,
        "firings": [
            {
                "at": firing.at.isoformat(),
                "engines": list(firing.engines),
                "partitions": keys,
                "clock_change": None if firing.change is None else _change(firing),
            }
            for firing, keys in entry["firings"]
        ],
    }


def _change(firing: Firing) -> dict[str, str]:
    assert firing.change is not None
    kind = "skipped" if firing.change.skipped else "repeated"
    return {"kind": kind, "start": firing.change.start.isoformat(), "end": firing.change.end.isoformat()}


def _lines(entry: dict[str, Any]) -> list[str]:
    otherwise = "without a schedule" if entry["sensors"] else "started by hand, or by what it reads"
    head = f"{entry['job']}  {entry['schedule'] or otherwise}"
    note = [] if entry["note"] is None else [f"  {entry['note']}"]
    sensors = [f"  by the sensor {name}" for name in entry["sensors"]]
    return [head, *note, *sensors, *(f"  {_line(firing, keys)}".rstrip() for firing, keys in entry["firings"])]


def _line(firing: Firing, keys: dict[str, str]) -> str:
    parts = [f"{firing.at:%a %Y-%m-%d %H:%M:%S} {firing.at:%Z}", ", ".join(keys.values())]
    if firing.change is not None:
        only = f"{firing.engines[0].capitalize()} only: " if len(firing.engines) == 1 else ""
        does = "does not come" if firing.change.skipped else "comes twice"
        parts.append(f"{only}{firing.change.start:%H:%M} to {firing.change.end:%H:%M} {does}")
    return "  ".join(filter(None, parts))
