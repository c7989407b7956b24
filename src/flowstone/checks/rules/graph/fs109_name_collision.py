"""FS109: names that are different here and the same elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.node import Location


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    assets = {asset.id: asset.location for asset in project.assets.values()}
    steps = {step.id: step.location for step in project.steps.values()}
    yield from _collisions("asset", (assets | steps).items())
    jobs = ((job.name, job.location) for job in project.jobs.values() if job.location is not None)
    yield from _collisions("job", jobs)


def _collisions(kind: str, names: Iterable[tuple[str, Location]]) -> Iterator[Finding]:
    first: dict[str, tuple[str, Location]] = {}
    for name, location in names:
        other, other_location = first.setdefault(name.replace(".", "_").casefold(), (name, location))
        if other != name:
            how = "only by case" if other.casefold() == name.casefold() else "only by dots and underscores"
            yield Finding(
                f"{kind} {name!r} differs from {other!r} {how}",
                location,
                help="rename one of them: on some engines and file systems the two would be one",
                related=((other_location, f"{other!r} is defined here"),),
            )


RULE = Rule(
    code="FS109",
    name="name-collision",
    summary="Two names become the same task id, file name or table",
    why="File systems that ignore case, and engines that do not take dots, would make one thing of the two.",
    bad="""\
from flowstone import asset


@asset(namespace="shop")
def orders() -> list[int]:
    return [1, 2]


@asset
def shop_orders() -> list[int]:  # <- here
    return [3]
""",
    good="""\
from flowstone import asset


@asset(namespace="shop")
def orders() -> list[int]:
    return [1, 2]


@asset
def all_orders() -> list[int]:
    return [3]
""",
    check=check,
)
