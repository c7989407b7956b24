"""What generated Prefect flows call.

Only order goes through Prefect: a task is given its partition's text and returns a small reference; values go from
store to store. So a flow runs the same on threads, processes and any other task runner.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.assets import add_asset_metadata
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.context import AssetContext
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run, task_run
from prefect.states import Completed, State
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from flowstone.dsl.partitions import PartitionKeyError, TimePartitions
from flowstone.dsl.policies import Retry
from flowstone.errors import ConfigurationError, StepFailedError, UsageError
from flowstone.io.record import Record
from flowstone.ir.asset import Asset, Step
from flowstone.ir.manifest import FILE_NAME
from flowstone.ir.node import Json
from flowstone.ir.uri import asset_uri
from flowstone.runtime.isolate import materialize_isolated
from flowstone.runtime.materialize import find_settled, materialize
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.prefect_limits import slot
from flowstone.runtime.prefect_run import JobRun, keys_of_run
from flowstone.runtime.reasons import Place
from flowstone.runtime.retries import worth_retrying
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

FLOW: dict[str, Any] = {"persist_result": False}
"""Options of every generated flow."""
TASK: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False, "by": "flowstone"}
"""Options of every generated task: FlowStone's stores are the only stores, its records the only cache."""

RUNNER_VARIABLE = "FLOWSTONE_PREFECT_RUNNER"
WORKERS_VARIABLE = "FLOWSTONE_PREFECT_WORKERS"
_LOG_HANDLER = APILogHandler()


def task_runner(most: int | None = None) -> TaskRunner[Any]:
    """The task runner that ``FLOWSTONE_PREFECT_RUNNER`` names: ``thread`` (default) or ``process``.

    It has at most so many workers; ``FLOWSTONE_PREFECT_WORKERS`` sets a limit, too, and the smaller one holds.
    Errors: ConfigurationError if a variable holds something else.
    """
    name, limit = os.environ.get(RUNNER_VARIABLE, "thread"), os.environ.get(WORKERS_VARIABLE)
    if limit is not None and not (limit.isdecimal() and int(limit)):
        raise ConfigurationError(f"{WORKERS_VARIABLE} must be a whole number from 1, not {limit!r}")
    workers = min((int(number) for number in (limit, most) if number is not None), default=None)
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
        self,
        step: str,
        partition: str | None = None,
        config: Mapping[str, Json] | None = None,
        failed: Collection[Place] = (),
    ) -> dict[str, Json] | State[Any]:
        """Run a step within a task: a reference to what it stored; a state ``Cached`` if that is stored already, or
        ``Skipped`` if a route chose another branch. ``failed`` are the branches that a join has to do without.

        Errors: as ``flowstone.runtime.materialize``, AssetTimeoutError.
        """
        forward_logs()
        workspace = Workspace.open(self.manifest)
        run = Run(str(flow_run.id), "prefect", task_run.run_count or 1, tuple(failed))
        outcome = self._outcome(workspace, workspace.step(step).step, partition, config or {}, run)
        if outcome.status == "reused":
            return Completed(name="Cached", message="stored already, from the same code and inputs")
        if outcome.status in ("skipped", "waiting"):
            return _nothing_made(outcome)
        for record in outcome.records:
            asset = workspace.project.assets[record.asset]
            add_asset_metadata(asset_uri(workspace.project.name, record.asset), _summary(record, asset))
        return _reference(outcome)

    def _outcome(
        self, workspace: Workspace, step: Step, partition: str | None, config: Mapping[str, Json], run: Run
    ) -> Outcome:
        if step.concurrency is not None:
            settled = find_settled(workspace, step.id, partition, run, config=config)
            if settled is not None:
                return settled
        with slot(workspace.project, step):
            return self._made(workspace, step, partition, run, config)

    def _made(
        self, workspace: Workspace, step: Step, partition: str | None, run: Run, config: Mapping[str, Json]
    ) -> Outcome:
        if step.timeout is not None:
            secrets = workspace.secrets.of_engine(workspace.configured)
            return materialize_isolated(self.manifest, step.id, partition, run, step.timeout, config, secrets)
        try:
            return materialize(workspace, step.id, partition, run, config=config)
        except (Exception, SystemExit) as error:  # an exit would end the whole flow run
            retryable = worth_retrying(error, step.retries)
            without_secrets = workspace.redactor.replacement(error, retryable=retryable)
            if without_secrets is None and isinstance(error, Exception) and _can_be_sent(error):
                raise
            if without_secrets is None:
                raise StepFailedError(f"{type(error).__name__}: {error}", retryable=retryable) from error
        raise without_secrets

    def run_name(self) -> str:
        """Name of the flow run: the job and the keys of its time partitions."""
        try:
            keys = keys_of_run(Workspace.open(self.manifest).compiled, self.name, dict(flow_run.parameters))
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
        return JobRun(Workspace.open(self.manifest), self.name, parameters)


def _can_be_sent(error: Exception) -> bool:
    """Whether an exception survives the way from one process to another: else it would end the whole flow run."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled here
    except Exception:  # noqa: BLE001 - whatever the user's class does
        return False
    return True


def _summary(record: Record, asset: Asset) -> dict[str, Json]:
    """What Prefect's event tells of a materialization; deployments of other jobs take the key from it."""
    key = None if asset.partitions is None or record.partition is None else asset.partitions.parse(record.partition)
    return {
        "partition": record.partition,
        "key": None if key is None else key.key,
        **({} if key is None or not key.parts else {"dimensions": {name: part.key for name, part in key.parts}}),
        "data_version": record.data_version,
        "code_version": record.code_version,
        "size": record.size,
        "run_id": record.run_id,
        **record.metadata,
        **({"meta": asset.meta} if asset.meta else {}),
        "checks": {check.name: check.passed for check in record.checks},
    }


def _nothing_made(outcome: Outcome) -> State[Any]:
    """The state of a task that has made nothing. Prefect must not tell of assets that were made."""
    context = AssetContext.get()
    if context is not None:
        context.downstream_assets.clear()
    return Completed(name=outcome.status.capitalize(), message=outcome.reason)


def _reference(outcome: Outcome) -> dict[str, Json]:
    return {
        "step": outcome.step,
        "partition": outcome.partition,
        "data_versions": {record.asset: record.data_version for record in outcome.records},
    }


def forward_logs() -> None:
    """Let Prefect show what assets log by ``ctx.log``. A logger takes the same handler once only."""
    logger = logging.getLogger("flowstone")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    logger.addHandler(_LOG_HANDLER)
