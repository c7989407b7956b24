"""``materialize``: the one call that every engine makes to run a step for one partition.

Find the inputs by their records; reuse what is stored if it was made from the same; else load the inputs, open the
resources, call the function, run the checks, stage every output, close the resources, publish, the records last. What
can be read only once is staged first, and its checks receive what was staged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct

from flowstone.__about__ import __version__
from flowstone.dsl.context import Context
from flowstone.dsl.partitions import PartitionKey, PartitionKeyError
from flowstone.errors import ConfigurationError, NotChosenError, OutputError
from flowstone.io.contract import IOManager, Staged
from flowstone.io.frames import yields_batches
from flowstone.io.record import CheckOutcome, InputVersion, Record
from flowstone.io.streams import is_once
from flowstone.ir.asset import Check
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.runtime.arguments import config_arguments
from flowstone.runtime.calls import Caller
from flowstone.runtime.checks import as_annotated, demand_passed, judge
from flowstone.runtime.inputs import Input, find_inputs, stored_value
from flowstone.runtime.metadata import json_values
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.outputs import split
from flowstone.runtime.prepared import PreparedStep
from flowstone.runtime.reasons import differences
from flowstone.runtime.resources import OpenResources
from flowstone.runtime.routes import CHOICE, decided, demand_chosen
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

_LOG = logging.getLogger("flowstone")


class _Task(Struct, frozen=True):
    """What one materialization is about."""

    workspace: Workspace
    prepared: PreparedStep
    key: PartitionKey | None
    run: Run
    config: Mapping[str, Json]
    inputs: tuple[Input, ...]
    versions: tuple[InputVersion, ...]
    config_version: str

    @property
    def partition(self) -> str | None:
        return None if self.key is None else self.key.text


_Value = Callable[[TypeExpr | None, IOManager], Any]
"""Gives a check the value as it is annotated."""


class _StagedOutput(NamedTuple):
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
    stored. Where a route chose another branch nothing is made, and the outcome is ``skipped``.

    Errors: NotMaterializedError for an input that is not stored; ResourceError; CheckFailedError if a blocking check
    failed (what was stored before stays); OutputError if the function returned something else than it declares;
    StorageError; ConfigurationError. What the user's function raises passes through unchanged.
    """
    try:
        task = _task(workspace, step, partition, run, config or {})
    except NotChosenError as error:
        return Outcome(step, partition, "skipped", (), str(error))
    if not force and (records := _reusable(task)) is not None:
        return Outcome(step, task.partition, "reused", records)
    return Outcome(step, task.partition, "materialized", _make(task))


def find_settled(
    workspace: Workspace, step: str, partition: str | None, run: Run, *, force: bool = False
) -> Outcome | None:
    """The outcome of ``materialize`` if no function would be called for it, else None. No user code is imported.

    Errors: as ``materialize``, for what goes wrong before a function is called.
    """
    try:
        task = _task(workspace, step, partition, run, {})
    except NotChosenError as error:
        return Outcome(step, partition, "skipped", (), str(error))
    records = None if force else _reusable(task)
    return None if records is None else Outcome(step, task.partition, "reused", records)


def _task(workspace: Workspace, step: str, partition: str | None, run: Run, config: Mapping[str, Json]) -> _Task:
    prepared = workspace.step(step)
    key = _key(workspace, prepared, partition)
    demand_chosen(workspace, prepared, key)
    inputs = find_inputs(workspace, prepared, key)
    versions = tuple([version for item in inputs for version in item.versions])
    return _Task(workspace, prepared, key, run, config, inputs, versions, prepared.version_with(config))


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


def _reusable(task: _Task) -> tuple[Record, ...] | None:
    """The stored records, if all outputs were made by the same code and configuration from the same inputs."""
    if not task.prepared.step.cache:
        return None
    found = []
    for asset in task.prepared.outputs:
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


def _make(task: _Task) -> tuple[Record, ...]:
    started = datetime.now(UTC)
    prepared = task.prepared
    step = prepared.step
    task.workspace.demand_sources(prepared.modules)
    if step.function.is_generator and not yields_batches(step):
        raise OutputError(f"{step.id} is a generator function", help="return the value instead of yielding")
    run = task.run
    context = Context(step.id, task.key, run.id, run.engine, run.attempt, _LOG)
    loaded = {item.dependency.parameter: item.load() for item in task.inputs if item.dependency.parameter is not None}
    staged: list[_StagedOutput] = []
    try:
        with Caller() as caller, OpenResources(task.workspace, caller, context, _LOG) as resources:
            resources.open(prepared.resources)
            call = _Call(task, caller, resources, context)
            values = split(step, call(step.function, "asset", step.signature, step.id, loaded))
            if step.choices:
                values = (decided(step, values[0]),)
            _stage(task, call, values, staged)
        further: dict[str, Json] = {CHOICE: values[0]} if step.choices else {}
        if context.metadata:
            further["user"] = json_values(context.metadata, step.id)
        records = tuple(_record(task, item.staged, item.checks, started, further) for item in staged)
        for record in records:
            staged[0].manager.publish(staged[0].staged, record)
            del staged[0]
        return records
    finally:
        for item in staged:  # none is left after success
            item.manager.discard(item.staged)


def _stage(task: _Task, call: _Call, values: tuple[Any, ...], staged: list[_StagedOutput]) -> None:
    """Check the values and stage them; one that is used up by that is checked when it is staged."""
    outputs = list(zip(task.prepared.outputs, values, strict=True))
    passing = [place for place, value in enumerate(values) if is_once(value)]
    checks = [
        () if place in passing else _checks(task, call, asset.id, partial(as_annotated, value))
        for place, (asset, value) in enumerate(outputs)
    ]
    for (asset, value), outcomes in zip(outputs, checks, strict=True):
        manager, slot_of = task.workspace.storage(asset.id)
        staged.append(_StagedOutput(manager, manager.stage(slot_of(task.partition), value), outcomes))
    for place in passing:
        load = partial(_load_staged, staged[place].staged)
        staged[place] = staged[place]._replace(checks=_checks(task, call, outputs[place][0].id, load))


class _Call(Struct, frozen=True):
    """Calls a user function with everything bound that its signature asks for."""

    task: _Task
    caller: Caller
    resources: OpenResources
    context: Context

    def __call__(self, ref: FunctionRef, kind: str, signature: Signature, owner: str, values: Mapping[str, Any]) -> Any:
        workspace = self.task.workspace
        function: Callable[..., Any] = workspace.function(ref, kind)  # type: ignore[arg-type]
        config = workspace.project.params.get(owner, {})
        if kind == "asset" and self.task.config:
            config = {**config, **self.task.config}
        arguments = dict(values)
        if signature.context is not None:
            arguments[signature.context] = self.context
        if signature.resources:
            arguments.update(self.resources.arguments(signature))
        if config or signature.config:
            arguments.update(config_arguments(workspace, owner, signature, config))
        return self.caller.call(function, arguments, is_async=ref.is_async)


def _checks(task: _Task, call: _Call, asset: str, value: _Value) -> tuple[CheckOutcome, ...]:
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


def _run_check(call: _Call, check: Check, value: _Value) -> Any:
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
    task: _Task, staged: Staged, checks: tuple[CheckOutcome, ...], started: datetime, further: dict[str, Json]
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
