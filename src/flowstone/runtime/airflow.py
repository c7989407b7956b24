"""What generated Airflow DAGs import. Everything heavy is loaded when a task runs, not when its file is parsed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.bases.operator import BaseOperatorMeta
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from flowstone.ir.node import Json
    from flowstone.runtime.outcome import Outcome
    from flowstone.runtime.workspace import Workspace


POKE_INTERVAL = 15.0
"""Seconds between two looks of ``AwaitAssets``."""
PARTITION = "flowstone_partition"
"""Name in the conf of runs that a sensor has started: their partition key."""
LONGEST_WAIT = 24 * 3600.0
STARTING = timedelta(minutes=2)
"""What Airflow's limit on a task's time leaves for starting the process in which a step with a timeout runs."""


class _TakesCode(BaseOperatorMeta):
    """Gives each operator its ``code``, without an ``__init__``.

    Airflow merges the default arguments once for each ``__init__`` of a class and its bases, and looks for outputs of
    other tasks in whatever is set later; both together make a file of many tasks some 6 % slower to parse.
    """

    def __call__(self, *, code: str, timeout: timedelta | None = None, **kwargs: Any) -> Any:
        if timeout is not None:
            kwargs["execution_timeout"] = timeout + STARTING
        operator = super().__call__(**{"do_xcom_push": False, **kwargs})
        vars(operator)["code"] = code
        return operator


class AssetOperator(BaseOperator, metaclass=_TakesCode):
    """Runs the step whose id is the task's, for the partition key of the DAG run.

    Values go from store to store, never through XCom. What was stored before from the same code and inputs is not made
    again; the task succeeds, and its assets have a new event, so that others see that they are up to date.

    What a route leaves out is skipped, and has no event. A join that takes failures runs when all its branches
    are over, and is told which of them failed.

    Errors: whatever the step raises, which Airflow tries again as often as the task says; AirflowFailException for what
    would not get better: a blocking check that failed, a wrong configuration or partition key, an exception that the
    step's ``Retry(on=...)`` leaves out.
    """

    template_fields: Sequence[str] = ("code",)
    ui_color: ClassVar[str] = "#dbeafe"

    code: str
    """Fingerprint of the user's code: as a part of the DAG it makes new code a new version of the DAG."""

    def execute(self, context: Any) -> None:
        """Make the step's assets for the partition of the run."""
        self.tell(self.make(context), context)

    def make(self, context: Any) -> Outcome:
        """What the step comes to. Errors: as the class."""
        from flowstone.runtime.workspace import Workspace

        manifest = _manifest(self)
        return self._materialize(Workspace.open(manifest), manifest, context)

    def tell(self, outcome: Outcome, context: Any) -> None:
        """Give the assets their events. Errors: AirflowSkipException if there is nothing to tell."""
        if outcome.status == "skipped":
            raise AirflowSkipException(outcome.reason)
        events = context["outlet_events"]
        key = None if context.get("partition_key") is not None else key_of(context)
        for outlet, record in zip(self.outlets, outcome.records, strict=True):
            events[outlet].extra = {
                "status": outcome.status,
                "data_version": record.data_version,
                "code_version": record.code_version,
                "size": record.size,
                "checks": {check.name: check.passed for check in record.checks},
                "metadata": record.metadata,
            }
            if key is not None:
                events[outlet].add_partitions(key)

    def _materialize(self, workspace: Workspace, manifest: Path, context: Any) -> Outcome:
        from flowstone.runtime.isolate import materialize_isolated
        from flowstone.runtime.materialize import materialize
        from flowstone.runtime.retries import FINAL, worth_retrying
        from flowstone.runtime.run import Run

        step = workspace.step(self.task_id).step
        partition = self._partition(workspace, context)
        if partition is None and key_of(context) is not None:
            self._demand_inputs(workspace)
        config = self._config(workspace, context)
        failed = tuple((name, partition) for name in self._failed(workspace, context))
        run = Run(context["run_id"], "airflow", context["ti"].try_number, failed)
        try:
            if step.timeout is None:
                return materialize(workspace, step.id, partition, run, config=config)
            secrets = workspace.secrets.of_engine(workspace.configured)
            return materialize_isolated(manifest, step.id, partition, run, step.timeout, config, secrets)
        except (Exception, SystemExit) as error:
            kept_from_retrying = step.retries is not None and not worth_retrying(error, step.retries)
            final = kept_from_retrying or isinstance(error, FINAL)
            without_secrets = workspace.redactor.replacement(error, retryable=not final)
            if without_secrets is None and final:
                raise AirflowFailException(_text(error)) from error
            if without_secrets is None:
                raise
        if final:
            raise AirflowFailException(_text(without_secrets)) from without_secrets
        raise without_secrets

    def _failed(self, workspace: Workspace, context: Any) -> Iterator[str]:
        """The branches of a join that failed in the run.

        Errors: AirflowFailException if something else failed that it needs: the rule is that all is over.
        """
        tolerated = workspace.project.tolerated.get(self.task_id)
        if not tolerated:
            return
        needs = sorted(self.upstream_task_ids)
        found = context["ti"].get_task_states(self.dag_id, task_ids=needs, run_ids=[context["run_id"]])
        for name, state in found.get(context["run_id"], {}).items():
            if state in ("failed", "upstream_failed"):
                if name not in tolerated:
                    raise AirflowFailException(f"{name} failed, and {self.task_id} needs it")
                yield name

    def partition(self, context: Any) -> str | None:
        """The partition of the run. Errors: as the class."""
        return self._partition(workspace_of(self), context)

    def _partition(self, workspace: Workspace, context: Any) -> str | None:
        """The partition of the run, None for an unpartitioned step, whatever key the run has.

        Errors: AirflowFailException if the run has no key, or one that is not in the definition; AirflowSkipException
        for the latter if an event of another asset, which has more partitions, caused the run.
        """
        from flowstone.dsl.partitions import PartitionKeyError
        from flowstone.runtime.registry import demand_known

        definition = workspace.step(self.task_id).partitions
        if definition is None:
            return None
        key = key_of(context)
        if key is None:
            raise AirflowFailException(f"{self.task_id} has {definition.kind} partitions: give the run a partition key")
        try:
            found = workspace.key(definition, key)
            demand_known(workspace, definition, found)
            return found.text
        except PartitionKeyError as error:
            if context["dag_run"].run_type == "asset_triggered":
                raise AirflowSkipException(f"no partition of {self.task_id}: {error}") from error
            raise AirflowFailException(f"no partition of {self.task_id}: {error}") from error

    def _demand_inputs(self, workspace: Workspace) -> None:
        """Errors: AirflowSkipException if something is not stored that this step gathers.

        A run that gathers partitions starts as soon as one of the things that its steps read is there.
        """
        from flowstone.errors import NotMaterializedError
        from flowstone.runtime.inputs import find_inputs

        try:
            find_inputs(workspace, workspace.step(self.task_id), None)
        except NotMaterializedError as error:
            raise AirflowSkipException(f"not yet: {error}") from error

    def _config(self, workspace: Workspace, context: Any) -> dict[str, Json]:
        """Config values that the run was given; those of the DAG itself can be replaced by the environment."""
        from flowstone.ir.run_parameters import config_value, parameter_name
        from flowstone.runtime.parameters import is_default

        given = context["dag_run"].conf or {}
        found: dict[str, Json] = {}
        step = workspace.step(self.task_id).step
        for parameter in step.signature.config:
            name = parameter_name(self.task_id, parameter.name)
            if name in given and not is_default(
                parameter, given[name], config_value(workspace.compiled, step.id, parameter)
            ):
                found[parameter.name] = given[name]
        return found


class FailedBranches(BaseOperator):
    """Fails where a branch of a join failed: Airflow goes by the last tasks of a run, and these may well succeed.

    Its trigger rule is ``one_failed``; where no branch failed it is skipped.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"do_xcom_push": False, "trigger_rule": "one_failed", **kwargs})

    def execute(self, context: Any) -> None:
        """Errors: AirflowFailException, always."""
        raise AirflowFailException(f"not all of {', '.join(sorted(self.upstream_task_ids))} were made")


class TellKeys(BaseOperator):
    """Tells the keys of a DAG whose partitions have many dimensions, by events: all that belong to the run's own key.

    Of partitions without periods, whose keys are in registries, all are told, and the run has no key.

    Errors: AirflowFailException if the run has no key, or none of the dimension with periods; AirflowSkipException for
    the latter if an event of another asset, which has more partitions, caused the run, and if a registry has no keys.
    """

    def __init__(self, *, step: str, **kwargs: Any) -> None:
        super().__init__(**{"do_xcom_push": False, **kwargs})
        self.step = step
        """A step of that DAG."""

    def execute(self, context: Any) -> None:
        """Add the keys to the event."""
        from flowstone.dsl.partitions import PartitionKeyError
        from flowstone.ir.registries import is_told_by_registries
        from flowstone.runtime.dimensions import keys_within
        from flowstone.runtime.registry import current, without_keys

        workspace = workspace_of(self)
        partitions = workspace.step(self.step).partitions
        assert partitions is not None
        key = None if is_told_by_registries(partitions) else context.get("partition_key")
        if key is None and not is_told_by_registries(partitions):
            raise AirflowFailException(f"{self.task_id} needs a partition key: give the run one")
        definition = current(workspace, partitions)
        try:
            keys = keys_within(definition, key)
        except PartitionKeyError as error:
            if context["dag_run"].run_type == "asset_triggered":
                raise AirflowSkipException(f"no key of {self.step}: {error}") from error
            raise AirflowFailException(f"no key of {self.step}: {error}") from error
        if not keys:
            raise AirflowSkipException(f"no key of {self.step}: {without_keys(definition)}")
        (outlet,) = self.outlets
        context["outlet_events"][outlet].add_partitions(keys)


class TellDimension(BaseOperator):
    """Tells, by an event, that all partitions of an asset are there for a key of one dimension; else it is skipped.

    Errors: AirflowSkipException if some are not stored yet.
    """

    def __init__(self, *, asset: str, dimension: str, **kwargs: Any) -> None:
        super().__init__(**{"do_xcom_push": False, **kwargs})
        self.asset = asset
        self.dimension = dimension

    def execute(self, context: Any) -> None:
        """Add the key of the dimension to the event."""
        from flowstone.runtime.dimensions import missing_beside

        key, missing = missing_beside(workspace_of(self), self.asset, self.dimension, str(key_of(context)))
        if missing:
            raise AirflowSkipException(f"not yet: {self.asset}[{missing}] is not materialized")
        (outlet,) = self.outlets
        context["outlet_events"][outlet].add_partitions(key)


class AwaitAssets(BaseSensorOperator):
    """Lets a run that a clock or a sensor started wait until its inlets are made, by a DAG that was started with it.

    Runs by hand and backfills take what is stored. Between two looks the task holds no worker.
    """

    def __init__(self, **kwargs: Any) -> None:
        defaults = {"mode": "reschedule", "poke_interval": POKE_INTERVAL, "timeout": LONGEST_WAIT}
        super().__init__(**{"do_xcom_push": False, **defaults, **kwargs})

    def poke(self, context: Any) -> bool:
        """Whether every inlet has an event since the run's tick."""
        from flowstone.ir.run_requests import SENSED

        run = context["dag_run"]
        if run.run_type != "scheduled" and not run.run_id.startswith(SENSED):
            return True
        events = context["inlet_events"]
        return all(len(events[asset].after(run.run_after.isoformat()).limit(1)) for asset in self.inlets)


def key_of(context: Any) -> str | None:
    """The partition key of the run; of one that a sensor has started that in its conf.

    A task can start runs, but Airflow's message for that holds no partition key.
    """
    key = context.get("partition_key")
    if key is None:
        key = (context["dag_run"].conf or {}).get(PARTITION)
    return None if key is None else str(key)


def _manifest(task: BaseOperator) -> Path:
    """The manifest beside the file of the task's DAG."""
    from flowstone.ir.manifest import FILE_NAME

    assert task.dag is not None
    return Path(task.dag.fileloc).with_name(FILE_NAME)


def workspace_of(task: BaseOperator) -> Workspace:
    """The project of the manifest beside the task's DAG."""
    from flowstone.runtime.workspace import Workspace

    return Workspace.open(_manifest(task))


def _text(error: BaseException) -> str:
    """What went wrong, and what to do about it if FlowStone says so; an exception of the user with its class."""
    from flowstone.errors import FlowStoneError

    if not isinstance(error, FlowStoneError):
        return f"{type(error).__name__}: {error}"
    return f"{error} (help: {error.help})" if error.help else str(error)
