"""FS611: a sensor that asks for no runs."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.known_types import canonical, has_unknown_methods
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.types import UNKNOWN, TypeExpr

_REQUEST = "flowstone.RunRequest"
_RESULT = "flowstone.SensorResult"
_MANY = frozenset({"list", "tuple", "set", "frozenset", "Sequence", "Collection", "Iterable", "Iterator", "Generator"})
_ASYNC = frozenset({"AsyncIterable", "AsyncIterator", "AsyncGenerator"})
_HELP = "return a SensorResult, a RunRequest, a list of these, or None where nothing is new; or yield RunRequests"


def check(subject: Subject) -> Iterator[Finding]:
    for sensor in subject.project.sensors.values():
        returns = sensor.signature.returns
        wrong = [] if returns is None else [item for item in returns.members if not _may_be(subject, item, depth=0)]
        adds_keys = sensor.signature.context is not None  # it may, by ctx.add_partitions
        if wrong or (returns is not None and returns.name == "None" and not adds_keys):
            yield Finding(
                f"sensor {sensor.name!r} returns {returns}, which asks for no run", sensor.location, help=_HELP
            )


def _may_be(subject: Subject, type: TypeExpr, depth: int) -> bool:
    """Whether it is, or may be, what a sensor returns."""
    name = canonical(type.name)
    if name in (_REQUEST, _RESULT, "None", "object", UNKNOWN) or has_unknown_methods(name):
        return True
    if name in _MANY or name in _ASYNC:
        items = type.args[:1] if name != "tuple" else [item for item in type.args if item.name != "..."]
        return depth == 0 and all(_may_be(subject, member, 1) for item in items for member in item.members)
    return name != "Literal" and not subject.types.supertypes.is_known(name)


RULE = Rule(
    code="FS611",
    name="wrong-sensor-result",
    summary="A sensor is annotated to return something that asks for no runs",
    why="Which run is meant cannot be told from it. Each look would fail, and nothing would ever be started.",
    bad="""\
from flowstone import Job, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s")
def new_files(cursor: str | None) -> list[str]:  # <- here
    return ["monday.csv"]
""",
    good="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s")
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv")]
""",
    check=check,
)
