"""``materialize``: the one call that every engine makes to run a step for one partition.

Find the inputs by their records; reuse what is stored if it was made from the same; else load the inputs, open the
resources, call the function, run the checks, stage every output, close the resources, add the partitions that the
function asked for, publish, the records last. What can be read only once is staged first, and its checks receive what
was staged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from msgspec import Struct, structs

from flowstone.__about__ import __version__
from flowstone.config.environment import state_folder
from flowstone.dsl.context import Context
from flowstone.dsl.partitions import PartitionKey, PartitionKeyError
from flowstone.dsl.scatter import Scatter
from flowstone.dsl.signals import HandlerWord
from flowstone.errors import ConfigurationError, NotChosenError, OutputError
from flowstone.io.contract import IOManager, Slot, Staged
from flowstone.io.frames import yields_batches
from flowstone.io.record import CheckOutcome, Record
from flowstone.io.streams import is_once
from flowstone.ir.asset import Check, Resource
from flowstone.ir.digest import digest
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.runtime.branches import CHOICE, decided, demand_chosen
from flowstone.runtime.checkpoint import Checkpoint
from flowstone.runtime.checks import as_annotated, demand_passed, judge
from flowstone.runtime.gate import Answer, GateWatch
from flowstone.runtime.inputs import find_inputs, stored_value, versions_of
from flowstone.runtime.items import DoneItems
from flowstone.runtime.metadata import json_values
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.outputs import split
from flowstone.runtime.prepared import PreparedStep, needed_resources, way_of_reading
from flowstone.runtime.reasons import differences
from flowstone.runtime.registry import ADDED, add_texts, added_texts
from flowstone.runtime.run import Run
from flowstone.runtime.scatter import Scattering
from flowstone.runtime.signals import Event
from flowstone.runtime.task import Call, Task
from flowstone.runtime.workspace import Workspace

_LOG = logging.getLogger("flowstone")


_Value = Callable[[TypeExpr | None, IOManager], Any]
"""Gives a check the value as it is annotated."""


class _StagedOutput(Struct, frozen=True):
    manager: IOManager
    staged: Staged
    checks: tuple[CheckOutcome, ...]


def materialize(
    workspace: Workspace,
    step: str,
    partition: str | None,
    run: Run,
    *,
    config: Mapping[str, Json] | None = None,
    force: bool = False,
) -> Outcome:
    """Make what a step makes for one partition, or find that it is stored already.

    ``config`` replaces configured values of the step's config parameters; ``force`` runs the function whatever is
    stored. Where a route chose another branch nothing is made, and the outcome is ``skipped``. A value that somebody
    has to approve is kept aside, and the outcome is ``waiting`` until that was decided.

    Errors: NotMaterializedError for an input that is not stored; ResourceError; CheckFailedError if a blocking check
    failed (what was stored before stays); OutputError if the function returned something else than it declares;
    StorageError; ConfigurationError. What the user's function raises passes through unchanged.
    """
    try:
        task = _task(workspace, step, partition, run, config or {}, force=force)
    except NotChosenError as error:
        return Outcome(step, partition, "skipped", (), str(error))
    if not force and (records := _reusable(task)) is not None:
        return Outcome(step, task.partition, "reused", records)
    checkpoint = None
    if task.prepared.asks:
        if task.prepared.step.gate is not None:
            return _through_gate(task, GateWatch(task, task.prepared.step.gate))
        checkpoint = _checkpoint(task)
        if checkpoint is not None and (outcome := checkpoint.settled(publish=True)) is not None:
            return outcome
    records, waits = _make(task, checkpoint)
    if waits and checkpoint is not None:
        return checkpoint.waits(records[0])
    return Outcome(step, None if task.key is None else task.key.text, "materialized", records)


def find_settled(
    workspace: Workspace,
    step: str,
    partition: str | None,
    run: Run,
    *,
    config: Mapping[str, Json] | None = None,
    force: bool = False,
) -> Outcome | None:
    """The outcome of ``materialize`` if no function would be called for it, else None. No user code is imported.

    Errors: as ``materialize``, for what goes wrong before a function is called.
    """
    try:
        task = _task(workspace, step, partition, run, config or {}, force=force)
    except NotChosenError as error:
        return Outcome(step, partition, "skipped", (), str(error))
    records = None if force else _reusable(task)
    if records is not None:
        return Outcome(step, task.partition, "reused", records)
    if task.prepared.step.gate is not None:
        watch = GateWatch(task, task.prepared.step.gate)
        wait = watch.waiting()
        return watch.outcome(wait) if wait is not None and watch.answer(wait) is None else None
    checkpoint = _checkpoint(task)
    return None if checkpoint is None else checkpoint.settled(publish=False)


def _through_gate(task: Task, watch: GateWatch) -> Outcome:
    """Ask, unless that was done before; and go on if the answer is there."""
    wait = watch.waiting() or _ask(task, watch)
    try:
        answer = watch.answer(wait)
        if answer is None:
            return watch.outcome(wait)
        records, _ = _make(task, None, answer)
    except Exception:
        watch.fail(wait)
        raise
    watch.end(answer)
    return Outcome(task.prepared.step.id, task.partition, "materialized", records)


def _ask(task: Task, watch: GateWatch) -> Event:
    """Call the function of a step with a gate, and write down what it has asked for."""
    task.workspace.demand_sources(task.prepared.modules)
    with Call(task) as call:
        call.open(_needed(task, None))
        signal = call.part(None, _loaded(task, None))
        return watch.begin(signal, call.context)


def _loaded(task: Task, word: HandlerWord | None) -> dict[str, Any]:
    """What a function of the step reads, by the parameter that receives it."""
    inputs = task.inputs
    if task.prepared.asks and (step := task.prepared.step).gate is not None:
        found = {way_of_reading(item.dependency): item for item in task.inputs}
        wanted = step.signature.of(word).dependencies
        inputs = tuple(found[way_of_reading(item)].received_by(item) for item in wanted)
    loaded = {}
    for item in inputs:
        if item.parameter is not None:
            loaded[item.parameter] = item.load()
    return loaded


def _needed(task: Task, word: HandlerWord | None) -> tuple[Resource, ...]:
    """The resources that a function of the step uses; for what makes the value those of the checks, too."""
    prepared = task.prepared
    if not prepared.asks or prepared.step.gate is None:
        return prepared.resources
    checks = () if word is None else (check.signature for check in prepared.checks)
    return needed_resources(prepared.project, (prepared.step.signature.of(word), *checks))


def _checkpoint(task: Task) -> Checkpoint | None:
    approval = task.prepared.step.checkpoint
    return None if approval is None else Checkpoint(task, approval)


def _task(
    workspace: Workspace, step: str, partition: str | None, run: Run, config: Mapping[str, Json], *, force: bool
) -> Task:
    prepared = workspace.step(step)
    key = None if partition is None and prepared.partitions is None else _key(workspace, prepared, partition)
    if step in workspace.project.routes:
        demand_chosen(workspace, step, key)
    inputs = find_inputs(workspace, prepared, key, run.failed)
    config_version = prepared.version_with(config) if config else prepared.config_version
    return Task(workspace, prepared, key, run, config, inputs, tuple(versions_of(inputs)), config_version, force)


def _key(workspace: Workspace, prepared: PreparedStep, partition: str | None) -> PartitionKey | None:
    step, definition = prepared.step.id, prepared.partitions
    if definition is None:
        if partition is not None:
            raise ConfigurationError(f"{step} is not partitioned, but was asked for partition {partition}")
        return None
    if partition is None:
        raise ConfigurationError(f"{step} has {definition.kind} partitions, but was asked for none")
    try:
        return workspace.key(definition, partition)
    except PartitionKeyError as error:
        raise ConfigurationError(f"{step}: {error}") from error


def _reusable(task: Task) -> tuple[Record, ...] | None:
    """The stored records, if all outputs were made by the same code and configuration from the same inputs."""
    if not task.prepared.cache:
        return None
    found = []
    for asset in task.prepared.output_ids:
        value = stored_value(task.workspace, asset, task.key)
        if value is None:
            return None
        record = value.record
        if any(differences(task.prepared, task.config_version, record, task.versions)):
            return None
        if not value.manager.intact(value.slot, record):
            return None
        found.append(record)
    return tuple(found)


def _make(task: Task, checkpoint: Checkpoint | None, answer: Answer | None = None) -> tuple[tuple[Record, ...], bool]:
    """The records of what was made, and whether it has to be approved: it is kept aside then.

    With an ``answer`` it is made by the handler of a gate.
    """
    waits = False
    started = datetime.now(UTC)
    prepared = task.prepared
    step = prepared.step
    task.workspace.demand_sources(prepared.modules)
    if not prepared.simple and step.function.is_generator and (step.scatter is not None or not yields_batches(step)):
        raise OutputError(f"{step.id} is a generator function", help="return the value instead of yielding")
    word = None if answer is None else answer.word
    call = Call(task)
    if answer is not None:
        answer.remember(call.context)
    loaded = _loaded(task, word)
    staged: list[_StagedOutput] = []
    try:
        with call:
            if resources := _needed(task, word):
                call.open(resources)
            if answer is None:
                values, further = _values(task, call, loaded)
            else:
                values, further = (call.part(word, {**loaded, **answer.arguments()}),), answer.facts()
            if checkpoint is not None:
                waits = checkpoint.is_needed(values[0], partial(task.workspace.neighbour, step.function))
            _stage(task, call, values, staged, checkpoint.aside if checkpoint is not None and waits else None)
        if call.noted is not None:
            further |= _noted(task, call.noted)
            if call.noted.added_partitions and not waits:
                # Before the value is published: a value that is reused has its keys.
                add_texts(task.workspace, further, task.run)
        records = tuple([_record(task, item.staged, item.checks, started, further) for item in staged])
        for record in records:
            first = staged[0]
            first.manager.publish(first.staged, record)
            del staged[0]
        if not prepared.simple and step.scatter is not None and (done := _done_items(task)) is not None:
            done.remove()
        if checkpoint is not None and not waits:
            checkpoint.pass_by(records[0])
        return records, waits
    finally:
        for item in staged:  # none is left after success
            item.manager.discard(item.staged)


def _noted(task: Task, context: Context) -> dict[str, Json]:
    """What functions have added to the context, for the record."""
    step = task.prepared.step.id
    found: dict[str, Json] = {}
    if context.metadata:
        found["user"] = json_values(context.metadata, step)
    if context.added_partitions:
        found[ADDED] = added_texts(task.workspace, step, context.added_partitions)
    return found


def _values(task: Task, call: Call, loaded: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Json]]:
    """What the outputs are, and what the record tells beside."""
    if task.prepared.simple:
        return (call.step(loaded),), {}
    step = task.prepared.step
    if step.scatter is not None:
        return _scattered(task, call, step.scatter, loaded)
    values = split(step, call.step(loaded))
    if step.choices:
        choice = decided(step, values[0])
        return (choice,), {CHOICE: choice}
    return values, {}


def _scattered(
    task: Task, call: Call, scatter: Scatter, loaded: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Json]]:
    done = _done_items(task)
    given = {**loaded, **call.resources.arguments(task.prepared.step.signature)}
    items = given[scatter.as_]
    scattering = Scattering(task.prepared.step.id, scatter, items, task.prepared.step.signature.returns, done)
    try:
        results = call.scatter(scattering, scatter.as_, loaded)
    finally:
        if done is not None:
            done.close()
    return (results,), {"scatter": scattering.facts(task.workspace.redactor.text)}


def _done_items(task: Task) -> DoneItems | None:
    """What is known of the items from earlier attempts, as far as it is still so; None where nothing is kept.

    Where results are not to be reused, those of another run do not count.
    """
    prepared = task.prepared
    (output,) = prepared.outputs
    manager, _ = task.workspace.storage(output.id)
    if not manager.traits.durable or output.storage.options.get("format", "json") != "json":
        return None
    others = [
        [version.asset, version.partition, version.data_version]
        for item in task.inputs
        if not item.dependency.scattered
        for version in versions_of([item])
    ]
    this_run = task.run.id if task.force or not prepared.step.cache else None
    version = digest([prepared.code_version, task.config_version, others, this_run])
    home = state_folder(task.workspace.root, task.workspace.environment)
    return DoneItems(home, output.id, task.partition, version)


def _stage(task: Task, call: Call, values: tuple[Any, ...], staged: list[_StagedOutput], aside: Slot | None) -> None:
    """Check the values and stage them; one that is used up by that is checked when it is staged. ``aside`` is where the
    one value goes that has to be approved.
    """
    prepared, partition = task.prepared, None if task.key is None else task.key.text
    if not prepared.checks and len(values) == 1:
        manager, slot_of = task.workspace.storage(prepared.output_ids[0])
        staged.append(_StagedOutput(manager, manager.stage(aside or slot_of(partition), values[0]), ()))
        return
    passing: list[int] = []
    checks: list[tuple[CheckOutcome, ...]] = [()] * len(values)
    if prepared.checks:
        passing += [place for place, value in enumerate(values) if is_once(value)]
        checks = [
            () if place in passing else _checks(task, call, asset, partial(as_annotated, value))
            for place, (asset, value) in enumerate(zip(prepared.output_ids, values, strict=True))
        ]
    for asset, value, outcomes in zip(prepared.output_ids, values, checks, strict=True):
        manager, slot_of = task.workspace.storage(asset)
        staged.append(_StagedOutput(manager, manager.stage(aside or slot_of(partition), value), outcomes))
    for place in passing:
        load = partial(_load_staged, staged[place].staged)
        staged[place] = structs.replace(staged[place], checks=_checks(task, call, prepared.output_ids[place], load))


def _checks(task: Task, call: Call, asset: str, value: _Value) -> tuple[CheckOutcome, ...]:
    """The outcomes of an asset's checks. Errors: CheckFailedError if a blocking one failed."""
    checks = task.workspace.project.checks_of.get(asset)
    if not checks:
        return ()
    outcomes = tuple(judge(check, _run_check(call, check, value)) for check in checks)
    for outcome in outcomes:
        if not outcome.passed and not outcome.blocking:
            _LOG.warning("check %s of %s failed %s", outcome.name, asset, outcome.metadata or "")
    demand_passed(asset, task.partition, outcomes)
    return outcomes


def _run_check(call: Call, check: Check, value: _Value) -> Any:
    manager, _ = call.task.workspace.storage(check.asset)
    values = {
        dependency.parameter: value(dependency.type, manager)
        for dependency in check.signature.dependencies
        if dependency.parameter is not None and dependency.asset == check.asset
    }
    return call(check.function, "check", check.signature, check.name, values)


def _load_staged(staged: Staged, wanted: TypeExpr | None, manager: IOManager) -> Any:
    return manager.load_staged(staged, wanted)


def _record(
    task: Task, staged: Staged, checks: tuple[CheckOutcome, ...], started: datetime, further: dict[str, Json]
) -> Record:
    metadata: dict[str, Json] = {"content": staged.metadata} if staged.metadata else {}
    metadata.update(further)
    return Record(
        asset=staged.slot.asset,
        partition=staged.slot.partition,
        data_version=staged.data_version,
        code_version=task.prepared.code_version,
        config_version=task.config_version,
        inputs=task.versions,
        run_id=task.run.id,
        engine=task.run.engine,
        started_at=started,
        finished_at=datetime.now(UTC),
        size=staged.size,
        metadata=metadata,
        checks=checks,
        flowstone=__version__,
    )
