"""FS507: an asset for which a route decides many times."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.branches import route_of
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        step = edge.consumer
        if not isinstance(step, Step) or step.routed_from != edge.producer.id or edge.dependency.mapping is not None:
            continue
        route = route_of(subject.project, step)
        if route is not None and edge.arity == "many":
            yield Finding(
                f"asset {step.id!r} is routed from {route.id!r}, which chooses many times for it",
                step.keywords.get("routed_from", step.location),
                help=f"give {step.id!r} the partitions of {route.id!r}, or let the route have none",
                related=((route.keywords.get("partitioned_by", route.location), "it chooses for each partition"),),
            )


RULE = Rule(
    code="FS507",
    name="route-of-many-keys",
    summary="An asset follows a route that chooses for each of many partitions of which the asset is made",
    why="Whether the asset is made cannot be told if the route chooses it on some days and not on others.",
    bad="""\
from flowstone import DailyPartitions, asset, route


@route(choices=["full", "incremental"], partitioned_by=DailyPartitions(start="2024-01-01"))
def mode() -> str:
    return "full"


@asset(routed_from="mode", partitioned_by=DailyPartitions(start="2024-01-01"))
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")  # <- here
def incremental() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import DailyPartitions, asset, route


@route(choices=["full", "incremental"], partitioned_by=DailyPartitions(start="2024-01-01"))
def mode() -> str:
    return "full"


@asset(routed_from="mode", partitioned_by=DailyPartitions(start="2024-01-01"))
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode", partitioned_by=DailyPartitions(start="2024-01-01"))
def incremental() -> list[int]:
    return [3]
""",
    check=check,
)
