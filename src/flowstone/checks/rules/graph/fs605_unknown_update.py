"""FS605: a schedule that follows assets that there are not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.schedules import updates
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest


def check(subject: Subject) -> Iterator[Finding]:
    known = subject.project.named
    for update in updates(subject.project):
        found = update.scheduled
        for name, meant in update.meant.items():
            if len(meant) > 1:
                known_as = ", ".join(map(repr, meant))
                yield Finding(
                    f"the schedule of {found.owner} follows {name!r}, which can be any of {known_as}",
                    found.location,
                    help=f"write the one that is meant: {meant[0]!r}",
                )
            elif not meant and subject.complete:
                near = nearest(name, known)
                yield Finding(
                    f"the schedule of {found.owner} follows {name!r}, and there is no such asset",
                    found.location,
                    help=did_you_mean(name, known) or "declare it, or correct the name",
                    fix=None if near is None else found.fix(name, near),
                )


RULE = Rule(
    code="FS605",
    name="unknown-update",
    summary="A schedule follows an asset that there is not",
    why="Nobody ever makes it, so the job would never run. Engines take any name, and wait.",
    bad="""\
from flowstone import Job, OnUpdate, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


load = Job("load", select="orders")
publish = Job("publish", select="report", schedule=OnUpdate("order"))  # <- here
""",
    good="""\
from flowstone import Job, OnUpdate, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


load = Job("load", select="orders")
publish = Job("publish", select="report", schedule=OnUpdate("orders"))
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
