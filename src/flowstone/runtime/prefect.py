"""What generated Prefect flows call.

Only order goes through Prefect: a task is given its partition's text and returns a small reference; values go from
store to store. So a flow runs the same on threads, processes and any other task runner.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefect.assets import add_asset_metadata
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture, wait
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run, task_run
from prefect.states import Completed, Failed, State
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from flowstone.dsl.partitions import PartitionKey, PartitionKeyError, Partitions, TimePartitions
from flowstone.dsl.policies import Retry
from flowstone.errors import ConfigurationError, StepFailedError, UsageError
from flowstone.io.record import Record
from flowstone.ir.asset import Asset
from flowstone.ir.manifest import FILE_NAME, read_manifest
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.run_keys import Keys, closed_keys, fill_keys
from flowstone.ir.run_parameters import config_parameters, config_value, parameter_name, partition_parameters
from flowstone.ir.uri import asset_uri
from flowstone.runtime.inputs import stored_value
from flowstone.runtime.isolate import materialize_isolated
from flowstone.runtime.keys import selection
from flowstone.runtime.materialize import materialize
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.retries import worth_retrying
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

FLOW: dict[str, Any] = {"persist_result": False}
"""Options of every generated flow."""
TASK: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False, "by": "flowstone"}
"""Options of every generated task: FlowStone's stores are the only stores, its records the only cache."""

RUNNER_VARIABLE = "FLOWSTONE_PREFECT_RUNNER"
WORKERS_VARIABLE = "FLOWSTONE_PREFECT_WORKERS"


def task_runner() -> TaskRunner[Any]:
    """The task runner that ``FLOWSTONE_PREFECT_RUNNER`` names: ``thread`` (default) or ``process``.

    ``FLOWSTONE_PREFECT_WORKERS`` limits the number of its workers.
    Errors: ConfigurationError if a variable holds something else.
    """
    name, limit = os.environ.get(RUNNER_VARIABLE, "thread"), os.environ.get(WORKERS_VARIABLE)
    if limit is not None and not (limit.isdecimal() and int(limit)):
        raise ConfigurationError(f"{WORKERS_VARIABLE} must be a whole number from 1, not {limit!r}")
    workers = None if limit is None else int(limit)
    if name == "process":
        return ProcessPoolTaskRunner(max_workers=workers)
    if name == "thread":
        return ThreadPoolTaskRunner() if workers is None else ThreadPoolTaskRunner(max_workers=workers)
    raise ConfigurationError(f"{RUNNER_VARIABLE} must be 'thread' or 'process', not {name!r}")


def retry_on(*exceptions: str) -> Callable[[Task[..., Any], TaskRun, State[Any]], bool]:
    """A retry condition: exceptions with these dotted names, or all if there is none; never what cannot get better."""
    policy = Retry(1, on=exceptions)

    def condition(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001 - Prefect's signature
        error = state.data
        if isinstance(error, StepFailedError):
            return error.retryable
        return not isinstance(error, BaseException) or worth_retrying(error, policy)

    return condition


@dataclass(frozen=True)
class PrefectJob:
    """A job of the project whose manifest lies beside the generated file."""

    file: str
    """The generated file."""
    name: str

    @property
    def manifest(self) -> Path:
        return Path(self.file).absolute().with_name(FILE_NAME)

    def materialize(
        self, step: str, partition: str | None = None, config: Mapping[str, Json] | None = None
    ) -> dict[str, Json] | State[Any]:
        """Run a step within a task: a reference to what it stored, or a state ``Cached`` if that is stored already.

        Errors: as ``flowstone.runtime.materialize``, AssetTimeoutError.
        """
        _forward_logs()
        workspace = Workspace.open(self.manifest)
        run = Run(str(flow_run.id), "prefect", task_run.run_count or 1)
        timeout = workspace.step(step).step.timeout
        if timeout is None:
            outcome = materialize(workspace, step, partition, run, config=config)
        else:
            outcome = materialize_isolated(self.manifest, step, partition, run, timeout, config or {})
        if outcome.status == "reused":
            return Completed(name="Cached", message="stored already, from the same code and inputs")
        for record in outcome.records:
            asset = workspace.project.assets[record.asset]
            add_asset_metadata(asset_uri(workspace.project.name, record.asset), _summary(record, asset))
        return _reference(outcome)

    def run_name(self) -> str:
        """Name of the flow run: the job and the keys of its time partitions."""
        try:
            keys = _keys_of_run(_project(self.manifest), self.name, dict(flow_run.parameters))
        except (UsageError, PartitionKeyError):
            return self.name  # the flow itself says what is wrong
        texts = [
            key.text for definition, given in keys.items() if isinstance(definition, TimePartitions) for key in given
        ]
        return f"{self.name}[{','.join(texts)}]" if texts else self.name

    def start(self, **parameters: Any) -> JobRun:
        """Begin a flow run with the flow's parameters.

        Errors: UsageError if a partition key is missing, PartitionKeyError for one that there is not.
        """
        return JobRun(Workspace.open(self.manifest), _project(self.manifest), self.name, parameters)


class JobRun:
    """One flow run: the futures of its tasks."""

    def __init__(self, workspace: Workspace, project: Project, job: str, parameters: Mapping[str, Any]) -> None:
        self._project = project
        steps = project.jobs[job].steps
        self._keys = fill_keys(project, steps, _keys_of_run(project, job, parameters))
        self._config = _config_of_run(project, steps, parameters)
        self._futures: dict[tuple[str, str | None], PrefectFuture[Any]] = {}
        self._missing = missing_inputs(workspace, self._keys) if _started_by_asset() else []

    def submit(self, task: Task[..., Any], after: Sequence[Task[..., Any]] = ()) -> None:
        """Submit a task once for each partition of its step, after those partitions of others that it reads."""
        step = self._project.steps[task.name]
        if self._missing:
            return
        for key in self._keys[step.id]:
            needs = [future for need in after for future in self._needed(step.id, key, need.name)]
            parameters: dict[str, Any] = {} if key is None else {"partition": key.text}
            if step.id in self._config:
                parameters["config"] = self._config[step.id]
            future = task.submit(**parameters, wait_for=needs)
            self._futures[step.id, None if key is None else key.text] = future

    def finish(self) -> State[Any]:
        """Wait for all tasks. The state of the flow: Failed, with names and reasons, if one is not completed."""
        if self._missing:
            return Completed(name="Skipped", message=f"not all inputs are there yet: {', '.join(self._missing)}")
        wait(list(self._futures.values()))
        states = {_label(*place): future.state for place, future in self._futures.items()}
        failed = [
            f"{label} ({_reason(state)})"
            for label, state in states.items()
            if state.is_final() and not state.is_completed()
        ]
        waiting = [label for label, state in states.items() if not state.is_final()]
        if failed or waiting:
            told = [("failed", failed), ("not run", waiting)]
            return Failed(message="; ".join(f"{word}: {', '.join(labels)}" for word, labels in told if labels))
        counts = Counter(state.name for state in states.values())
        return Completed(
            message=", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing to make"
        )

    def _needed(self, step: str, key: PartitionKey | None, producer: str) -> list[PrefectFuture[Any]]:
        """The futures of those partitions of the producer that the step reads for one key, as far as they run here."""
        texts: dict[str | None, None] = {}
        for dependency in self._project.steps[step].signature.dependencies:
            asset = self._project.assets[dependency.asset]
            if asset.step != producer:
                continue
            chosen = selection(self._project.steps[step].partitions, asset.partitions, dependency, key)
            keys = self._keys[producer] if chosen.stored else chosen.keys
            texts.update(dict.fromkeys(None if item is None else item.text for item in keys))
        return [self._futures[producer, text] for text in texts if (producer, text) in self._futures]


def missing_inputs(workspace: Workspace, keys: Mapping[str, Keys]) -> list[str]:
    """What the steps read from others, not made in the same run, that is not stored."""
    found: dict[str, None] = {}
    for step, given in keys.items():
        prepared = workspace.step(step)
        for dependency, asset in prepared.dependencies:
            if dependency.optional or asset.step in keys:
                continue
            for key in given:
                chosen = selection(prepared.partitions, asset.partitions, dependency, key)
                missing = [item for item in chosen.keys if stored_value(workspace, asset, item) is None]
                found.update((_label(asset.id, None if item is None else item.text), None) for item in missing)
    return list(found)


def _started_by_asset() -> bool:
    """Whether a trigger of the deployment started the run. It fires for each asset; perhaps others are yet to come."""
    context = FlowRunContext.get()
    created_by = None if context is None or context.flow_run is None else context.flow_run.created_by
    return created_by is not None and created_by.type == "AUTOMATION"


def _keys_of_run(
    project: Project, job: str, parameters: Mapping[str, Any]
) -> dict[Partitions, tuple[PartitionKey, ...]]:
    """The keys that a run was given; those of the last closed periods if it was started by a schedule without any."""
    steps = project.jobs[job].steps
    definitions = partition_parameters(project, steps)
    given: dict[Partitions, tuple[PartitionKey, ...]] = {
        definition: (definition.parse(_text(value)),)
        for name, definition in definitions.items()
        if (value := parameters.get(name)) is not None
    }
    times = [name for name, definition in definitions.items() if isinstance(definition, TimePartitions)]
    if not times or any(definitions[name] in given for name in times):
        return given
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not context.flow_run.auto_scheduled:
        raise UsageError(f"say which partition to make: give the parameter {' or '.join(times)}")
    instant = context.flow_run.expected_start_time
    assert instant is not None
    return {**closed_keys(project, steps, instant), **given}


def _label(step: str, partition: str | None) -> str:
    return step if partition is None else f"{step}[{partition}]"


def _reason(state: State[Any]) -> str:
    """Why a task run ended as it did, without the words that Prefect puts in front."""
    return (state.message or str(state.name)).removeprefix("Task run encountered an exception ")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _config_of_run(project: Project, steps: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, dict[str, Json]]:
    """Config values by step; those that were compiled are left out, so that the environment can replace them."""
    found: dict[str, dict[str, Json]] = {}
    for step, parameter in config_parameters(project, steps):
        values = found.setdefault(step, {})
        default = config_value(project, step, parameter)
        value = parameters.get(parameter_name(step, parameter.name), default)
        if value != default or type(value) is not type(default):
            values[parameter.name] = value
    return found


def _summary(record: Record, asset: Asset) -> dict[str, Json]:
    """What Prefect's event tells of a materialization; deployments of other jobs take the key from it."""
    key = None if asset.partitions is None or record.partition is None else asset.partitions.parse(record.partition).key
    return {
        "partition": record.partition,
        "key": key,
        "data_version": record.data_version,
        "code_version": record.code_version,
        "size": record.size,
        "run_id": record.run_id,
        **record.metadata,
        **({"meta": asset.meta} if asset.meta else {}),
        "checks": {check.name: check.passed for check in record.checks},
    }


def _reference(outcome: Outcome) -> dict[str, Json]:
    return {
        "step": outcome.step,
        "partition": outcome.partition,
        "data_versions": {record.asset: record.data_version for record in outcome.records},
    }


def _project(manifest: Path) -> Project:
    """The project as it was compiled, without what the environment replaces."""
    return _read(manifest, manifest.stat().st_mtime_ns if manifest.exists() else 0)


@lru_cache(maxsize=8)
def _read(manifest: Path, changed: int) -> Project:  # noqa: ARG001 - a part of the cache's key
    return read_manifest(manifest).project


@lru_cache(maxsize=1)
def _forward_logs() -> None:
    """Let Prefect show what assets log by ``ctx.log``."""
    logger = logging.getLogger("flowstone")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    logger.addHandler(APILogHandler())
