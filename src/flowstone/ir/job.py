"""Jobs."""

from __future__ import annotations

from flowstone.ir.node import Location, Node
from flowstone.ir.values import ScheduleValue


class Job(Node):
    """Steps that run together."""

    name: str
    select: str
    exclude: str | None = None
    steps: tuple[str, ...]
    """Ids of the selected steps, in topological order."""
    schedule: ScheduleValue | None = None
    description: str = ""
    tags: dict[str, str] = {}
    owners: tuple[str, ...] = ()
    concurrency: int | None = None
    """How many of its steps run at once in one run; None: as many as the engine starts."""
    implicit: bool = False
    """Made by FlowStone for the assets of a group that are in no job."""
    location: Location | None = None
    """None for an implicit job."""
