"""FS304: an IO manager that is not configured, or of a type that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    known = subject.project.io_managers
    for asset in subject.project.assets.values():
        name = asset.storage.manager
        if name not in known:
            place, near = subject.keyword(asset, "io_manager"), nearest(name, known)
            yield Finding(
                f"asset {asset.id!r} is stored by {name!r}, which is not a configured IO manager",
                place,
                help=did_you_mean(name, known) or f"configure it: [{subject.table}io_managers.{name}]",
                fix=None if near is None else respell(to_span(place), name, near),
            )
    for name, error in subject.unknown_managers.items():
        yield Finding(f"IO manager {name!r}: {error}", subject.configured(f"io_managers.{name}.type"), help=error.help)


RULE = Rule(
    code="FS304",
    name="unknown-io-manager",
    summary="An asset names an IO manager that is not configured",
    why="There is nowhere to store the value.",
    bad="""\
from flowstone import asset


@asset(io_manager="lak")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(io_manager="lake")
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    config="""\
[io_managers.lake]
type = "filesystem"
root = "lake"
""",
    fixes=(Remedy("writes the name that is clearly meant"),),
)
