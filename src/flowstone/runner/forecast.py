"""What a run of a plan would do, and why: worked out from the records before anything runs, and then carried out.

What is certain before the run is told as certain: a task runs, or what is stored is reused. Whether a task *may* run is
known once what it reads was made: if that comes out as it was, the task's value is reused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from flowstone.dsl.partitions import PartitionKey
from flowstone.errors import StorageError
from flowstone.io.record import InputVersion, Record
from flowstone.ir.asset import Asset
from flowstone.runner.plan import Plan, Task
from flowstone.runtime.branches import CHOSEN, Judgement, verdict
from flowstone.runtime.keys import known_keys, selection
from flowstone.runtime.pending import pending
from flowstone.runtime.prepared import PreparedStep, Source
from flowstone.runtime.reasons import Place, Reason, differences
from flowstone.runtime.stored import Stored
from flowstone.runtime.workspace import Workspace

Action = Literal["run", "may run", "reuse", "skip", "blocked"]
ACTIONS: tuple[Action, ...] = ("run", "may run", "reuse", "skip", "blocked")
_NEVER_MADE = Reason("never made")


class Expectation(Struct, frozen=True, gc=False):
    """What is known of one task before the run."""

    task: Task
    action: Action
    """``skip``: a route has chosen another branch; ``blocked``: what it reads is not stored, and nothing in the plan
    makes it."""
    reasons: tuple[Reason, ...] = ()
    """Why it runs, may run or cannot; empty if what is stored is reused."""
    records: tuple[Record, ...] = ()
    """Of what is reused, one for each output."""

    @property
    def forced(self) -> bool:
        """Whether the function is called whatever is stored."""
        for reason in self.reasons:  # noqa: SIM110 - it is asked for every task, and there is one reason or two
            if reason.kind == "forced":
                return True
        return False


class Forecast(Struct, frozen=True):
    """A plan with what is expected of each of its tasks."""

    plan: Plan
    expectations: tuple[Expectation, ...]
    """By the task's place in the plan."""

    def count(self, action: Action) -> int:
        """How many tasks there are with an action."""
        return sum(item.action == action for item in self.expectations)


def forecast(
    workspace: Workspace,
    plan: Plan,
    *,
    force: bool = False,
    done: Collection[Place] = (),
    stored: Stored | None = None,
) -> Forecast:
    """What a run of the plan would do now. No user code is imported.

    ``force`` runs every task but those in ``done``, which are judged by what is stored. ``stored`` may have been read
    before.
    Errors: ConfigurationError for a store or a config value that cannot be used.
    """
    return Forecast(plan, tuple(_Forecaster(workspace, plan, force, done, stored or Stored(workspace)).all()))


class _Inputs(Struct, frozen=True):
    """What a task will read, as far as it is known."""

    known: Sequence[tuple[Place, Record | None]]
    """In the order in which they are read, with what is stored now of those that are not made again before."""
    changing: Collection[Place]
    """Those that are made again before."""
    missing: Sequence[Place]
    blocked: Sequence[Place]
    uncertain: Collection[Place]
    """Those that a route may leave out, which has yet to choose."""


class _Forecaster:
    """Goes through a plan in its order."""

    def __init__(self, workspace: Workspace, plan: Plan, force: bool, done: Collection[Place], stored: Stored) -> None:
        self._workspace = workspace
        self._plan = plan
        self._force = force
        self._done = done
        self._stored = stored
        for definition, keys in plan.keys.items():
            workspace.know_keys(definition, keys)
        self._stored.expect(
            (output.id, task.partition)
            for task in plan.tasks
            if task.partition is not None
            for output in workspace.step(task.step).outputs
        )
        self._routes = workspace.project.routes
        self._asking = workspace.project.asking
        self._actions: dict[Place, Action] = {}
        self._keys: dict[str, list[str]] = {}
        """The partitions in the plan of each asset."""

    def all(self) -> Iterator[Expectation]:
        """What is expected of each task."""
        for task in self._plan.tasks:
            prepared = self._workspace.step(task.step)
            try:
                found = self._of(task, prepared)
            except StorageError:  # the attempt will say what is wrong
                found = Expectation(task, "run", (Reason("store unreadable"),))
            for output in prepared.output_ids:
                self._actions[output, task.partition] = found.action
                if task.partition is not None:
                    self._keys.setdefault(output, []).append(task.partition)
            yield found

    def _of(self, task: Task, prepared: PreparedStep) -> Expectation:
        chosen = self._judge(task.step, prepared.outputs[0], task.partition) if self._routes else CHOSEN
        if chosen.verdict == "left out" and chosen.reason is not None:
            return Expectation(task, "skip", (chosen.reason,))
        key = None if task.partition is None else self._key(prepared.outputs[0], task.partition)
        inputs = self._inputs(prepared, key)
        if inputs.missing or inputs.blocked:
            facts = Reason("input missing", tuple(inputs.missing)), Reason("input blocked", tuple(inputs.blocked))
            return Expectation(task, "blocked", tuple(reason for reason in facts if reason.places))
        reasons = self._without_records(prepared, task)
        if chosen.reason is not None:
            return Expectation(task, "may run", (chosen.reason, *reasons))
        records = []
        for asset in prepared.output_ids:
            record = self._stored.one(asset, task.partition)
            reasons += self._of_output(prepared, record, inputs)
            if isinstance(record, Record):
                records.append(record)
        if not reasons and not all(self._stored.is_intact(item.asset, item.partition) for item in records):
            reasons.append(Reason("content missing"))
        if reasons:
            if task.step in self._asking:
                reasons += self._waiting(prepared, task)
            return Expectation(task, "run", tuple(reasons if len(reasons) == 1 else dict.fromkeys(reasons)))
        if inputs.changing:
            places = tuple(place for place, _ in inputs.known if place in inputs.changing)
            return Expectation(task, "may run", (Reason("input may change", places),))
        return Expectation(task, "reuse", (), tuple(records))

    def _waiting(self, prepared: PreparedStep, task: Task) -> list[Reason]:
        """For whom the value waits. A run that makes it by force asks anew."""
        if self._force:
            return []
        why = pending(self._workspace, prepared.outputs[0]).get(task.partition)
        return [] if why is None else [Reason("waiting", detail=why)]

    def _without_records(self, prepared: PreparedStep, task: Task) -> list[Reason]:
        found = []
        if self._force and (task.step, task.partition) not in self._done:
            found.append(Reason("forced"))
        if not prepared.cache:
            found.append(Reason("uncached"))
        return found

    def _of_output(self, prepared: PreparedStep, record: Record | str | None, inputs: _Inputs) -> Iterable[Reason]:
        """Why an output is made, taking it that what is made again before comes out as it was."""
        if record is None:
            return (_NEVER_MADE,)
        if isinstance(record, str):
            return (Reason("record damaged"),)
        before = {(item.asset, item.partition): item.data_version for item in record.inputs}
        versions = tuple(
            _version(place, now, before, inputs.changing)
            for place, now in inputs.known
            if place in before or place not in inputs.uncertain
        )
        return differences(prepared, prepared.config_version, record, versions)

    def _inputs(self, prepared: PreparedStep, key: PartitionKey | None) -> _Inputs:
        known: list[tuple[Place, Record | None]] = []
        changing: set[Place] = set()
        uncertain: set[Place] = set()
        missing: list[Place] = []
        blocked: list[Place] = []
        for source in prepared.sources:
            dependency, asset = source.dependency, source.asset
            places, all_stored = ([(source.id, None)], False) if source.plain else self._places(prepared, source, key)
            for place in places:
                action = self._actions.get(place)
                chosen = CHOSEN if source.plain else self._judge(asset.step, asset, place[1])
                if chosen.verdict == "undecided" and action != "blocked":
                    uncertain.add(place)
                    changing.add(place)
                    known.append((place, None))
                elif chosen.verdict == "left out" and (dependency.optional or all_stored):
                    continue
                elif action == "blocked":
                    blocked += [] if dependency.partial else [place]
                elif action in ("run", "may run"):
                    changing.add(place)
                    known.append((place, None))
                elif isinstance(record := self._stored.one(*place), Record):
                    known.append((place, record))
                elif not (dependency.optional or dependency.partial):
                    missing.append(place)
            if all_stored and not places and not (dependency.optional or dependency.partial):
                missing.append((asset.id, None))
        return _Inputs(known, changing, missing, blocked, uncertain)

    def _judge(self, step: str, asset: Asset, partition: str | None) -> Judgement:
        """Whether routes leave out a step that makes an asset, as far as they have chosen and do not choose again."""
        if step not in self._routes:
            return CHOSEN
        return verdict(self._workspace, step, self._key(asset, partition), self._settled)

    def _settled(self, asset: str, partition: str | None) -> Record | str | None:
        if self._actions.get((asset, partition), "reuse") in ("run", "may run", "blocked"):
            return None
        return self._stored.one(asset, partition)

    def _key(self, asset: Asset, partition: str | None) -> PartitionKey | None:
        definition = asset.partitions
        return None if definition is None or partition is None else self._workspace.key(definition, partition)

    def _places(self, prepared: PreparedStep, source: Source, key: PartitionKey | None) -> tuple[list[Place], bool]:
        """What a dependency reads, in order, and whether that is all that is stored by then."""
        asset, dependency = source.asset, source.dependency
        selected = selection(prepared.partitions, asset.partitions, dependency, key)
        if not selected.stored:
            return [(asset.id, None if item is None else item.text) for item in selected.keys], False
        texts = dict.fromkeys((*self._stored.of(asset.id).records, *self._keys.get(asset.id, ())))
        return [(asset.id, item.text) for item in known_keys(self._workspace, asset, texts, selected)], True


def _version(place: Place, now: Record | None, before: dict[Place, str], changing: Collection[Place]) -> InputVersion:
    asset, partition = place
    if place in changing:
        return InputVersion(asset=asset, partition=partition, data_version=before.get(place, ""))
    assert now is not None
    return InputVersion(asset=asset, partition=partition, data_version=now.data_version)
