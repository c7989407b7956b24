"""FS304: an IO manager that is not configured, or of a type that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean


def check(subject: Subject) -> Iterator[Finding]:
    known = subject.project.io_managers
    for asset in subject.project.assets.values():
        name = asset.storage.manager
        if name not in known:
            yield Finding(
                f"asset {asset.id!r} is stored by {name!r}, which is not a configured IO manager",
                subject.keyword(asset, "io_manager"),
                help=did_you_mean(name, known) or f"configure it: [{subject.table}io_managers.{name}]",
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
    scope="near",
    check=check,
    config="""\
[io_managers.lake]
type = "filesystem"
root = "lake"
""",
)
