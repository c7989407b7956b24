"""What routes leave out: steps whose name the route did not choose, and those that cannot do without what these make.

The choice is in the record of the route's value, so that every engine, every attempt and every later run agree on it.
What a step had made before its route chose another does not count as stored until it is chosen again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from flowstone.dsl.partitions import PartitionKey
from flowstone.errors import DamagedError, NotChosenError, OutputError
from flowstone.io.record import Record
from flowstone.ir.asset import Asset, Step
from flowstone.runtime.keys import selection
from flowstone.runtime.reasons import Place, Reason, listed
from flowstone.runtime.workspace import Workspace

CHOICE = "choice"
"""Where the metadata of a route's record hold what it chose."""
FindRecord = Callable[[str, str | None], Record | str | None]
"""Gives the record of an asset and partition, or why there is none."""
Verdict = Literal["chosen", "left out", "undecided"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether routes leave something out, and why."""

    verdict: Verdict
    reason: Reason | None = None


CHOSEN = Judgement("chosen")


@dataclass(frozen=True, slots=True)
class Condition:
    """A route that has to choose a step."""

    step: Step
    route: Place

    def is_met(self, choice: str) -> bool:
        """Whether it is chosen."""
        return choice in (self.step.id, self.step.id.rpartition(".")[2])


def decided(step: Step, value: object) -> str:
    """What a route's function chose. Errors: OutputError if that is none of the choices."""
    choice = step.default_choice if value is None else value
    if isinstance(choice, str) and choice in step.choices:
        return str(choice)
    what = "returned nothing, and has no default" if choice is None else f"returned {choice!r:.80}"
    raise OutputError(f"{step.id} {what}", help=f"its choices are {', '.join(map(repr, step.choices))}")


def conditions(workspace: Workspace, step: str, key: PartitionKey | None) -> Iterator[Condition]:
    """All that has to be chosen for a step to be made for a key: itself, and what it cannot do without."""
    routes = workspace.project.routes
    waiting = [(step, key)] if step in routes else []
    seen = set[tuple[str, str | None]]()
    while waiting:
        name, key = waiting.pop()
        place = name, _text(key)
        if place in seen:
            continue
        seen.add(place)
        prepared = workspace.step(name)
        for dependency, asset in prepared.dependencies:
            is_route = asset.id == prepared.step.routed_from and dependency.mapping is None
            if not is_route and (dependency.optional or asset.step not in routes):
                continue
            keys = selection(prepared.partitions, asset.partitions, dependency, key).keys
            if is_route:
                yield from (Condition(prepared.step, (asset.id, _text(item))) for item in keys)
            if asset.step in routes:
                waiting.extend((asset.step, item) for item in keys)


def verdict(workspace: Workspace, step: str, key: PartitionKey | None, record: FindRecord) -> Judgement:
    """Whether a step is to be made for a key, by the records of the routes."""
    found = CHOSEN
    for condition in conditions(workspace, step, key):
        choice = _choice(record(*condition.route))
        if choice is None:
            found = Judgement("undecided", Reason("chosen or not by", (condition.route,)))
        elif not condition.is_met(choice):
            route = listed((condition.route,))
            return Judgement("left out", Reason("not chosen by", (condition.route,), f"{route} chose {choice!r}"))
    return found


def demand_chosen(workspace: Workspace, step: str, key: PartitionKey | None) -> None:
    """Errors: NotChosenError if a route leaves a step out for a key."""
    found = verdict(workspace, step, key, _reader(workspace))
    if found.verdict == "left out":
        raise NotChosenError(str(found.reason))


def is_left_out(workspace: Workspace, step: str, key: PartitionKey | None) -> bool:
    """Whether a route has chosen another branch than this step, or what it cannot do without."""
    return step in workspace.project.routes and verdict(workspace, step, key, _reader(workspace)).verdict == "left out"


def counts(workspace: Workspace, asset: Asset, key: PartitionKey | None) -> bool:
    """Whether what is stored of an asset for a key counts: every route that could leave it out has chosen it."""
    if asset.step not in workspace.project.routes:
        return True
    return verdict(workspace, asset.step, key, _reader(workspace)).verdict == "chosen"


def was_decided(workspace: Workspace, asset: Asset) -> bool:
    """Whether a route that may leave an asset out has chosen for any key."""
    for route in workspace.project.routes.get(asset.step, ()):
        manager, slot_of = workspace.storage(route)
        if any(True for _ in manager.partitions(slot_of(None))):
            return True
    return False


def _choice(record: Record | str | None) -> str | None:
    """What a route chose, by its record."""
    choice = record.metadata.get(CHOICE) if isinstance(record, Record) else None
    return None if choice is None else str(choice)


def _reader(workspace: Workspace) -> FindRecord:
    def read(asset: str, partition: str | None) -> Record | None:
        manager, slot_of = workspace.storage(asset)
        try:
            return manager.record(slot_of(partition))
        except DamagedError:
            return None

    return read


def _text(key: PartitionKey | None) -> str | None:
    return None if key is None else key.text
