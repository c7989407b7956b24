"""FS404: a time zone that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.schedules import schedules
from flowstone.checks.subject import Subject
from flowstone.checks.zones import known_zone, meant_zone, zone_hint
from flowstone.dsl.partitions import TimePartitions, axes
from flowstone.dsl.schedule import Cron
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.ir.asset import Step
from flowstone.ir.node import Location


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        for zone in _zones(step):
            place = step.keywords.get("partitioned_by", step.location)
            yield Finding(
                f"the partitions of {step.id!r}: there is no time zone {zone!r}",
                place,
                help=zone_hint(zone),
                fix=_fix(place, zone),
            )
    for found in schedules(subject.project):
        named = found.schedule.timezone if isinstance(found.schedule, Cron) else None
        if named is not None and not known_zone(named):
            yield Finding(
                f"the schedule of {found.owner}: there is no time zone {named!r}",
                found.location,
                help=zone_hint(named),
                fix=_fix(found.location, named),
            )


def _zones(step: Step) -> Iterator[str]:
    """The time zones of its partitions that there are not."""
    for definition in axes(step.partitions):
        if isinstance(definition, TimePartitions) and not known_zone(definition.timezone):
            yield definition.timezone


def _fix(place: Location, zone: str) -> MakeFix | None:
    """Write the zone that is clearly meant; surely so if only upper and lower case differ."""
    meant = meant_zone(zone)
    if meant is None:
        return None
    return respell(to_span(place), zone, meant, safe=meant.casefold() == zone.casefold())


RULE = Rule(
    code="FS404",
    name="unknown-zone",
    summary="A time zone is not in the IANA database",
    why="When a day begins could not be worked out. Abbreviations such as EST5 or CEST are not zones: they have no "
    "rule for daylight saving.",
    bad="""\
from flowstone import DailyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01", timezone="Europe/Berln"))  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import DailyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01", timezone="Europe/Berlin"))
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    fixes=(
        Remedy("writes the zone in its own spelling, if only upper and lower case differ", safe=True),
        Remedy("writes the zone that is clearly meant"),
    ),
)
