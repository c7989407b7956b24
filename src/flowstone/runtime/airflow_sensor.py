"""The operator of sensors. Generated DAGs import it only where there are any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Variable
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from flowstone.ir.run_requests import run_name
from flowstone.runtime.airflow import PARTITION, workspace_of

if TYPE_CHECKING:
    from datetime import datetime

    from flowstone.dsl.partitions import PartitionKey
    from flowstone.ir.node import Json
    from flowstone.runtime.sensing import Request
    from flowstone.runtime.workspace import Workspace

Starts = Mapping[str, Sequence[str]]
"""Ids of DAGs with the steps that they make."""


class SensorOperator(BaseOperator):
    """Looks once, and starts a run of the job for each request whose key is new.

    The id of a run follows from the key, so that Airflow itself refuses a second one. The cursor is a variable of
    Airflow, and is moved on once all runs are there: whatever fails before, the next look asks for the same again.

    ``starts`` are the DAGs that nothing else of the job starts, ``follows`` those that others of the job start: a
    request starts one of these itself if it names a key that none of the first has.

    Errors: whatever the function raises; AirflowSkipException if nothing is new; AirflowFailException for a run that
    cannot be.
    """

    def __init__(self, *, cursor: str, starts: Starts, follows: Starts | None = None, **kwargs: Any) -> None:
        super().__init__(**{"do_xcom_push": False, **kwargs})
        self.cursor = cursor
        """Name of the variable."""
        self.starts = dict(starts)
        self.follows = dict(follows or {})

    def execute(self, context: Any) -> None:
        """Look, and start runs."""
        from datetime import UTC, datetime

        from flowstone.runtime.sensing import look

        workspace = workspace_of(self)
        kept = Variable.get(self.cursor, default=None)
        cursor = None if kept is None else json.loads(kept)
        try:
            found = look(workspace, self.task_id, cursor, context["run_id"], "airflow")
        except (Exception, SystemExit) as error:
            without_secrets = workspace.redactor.replacement(error, retryable=False)
            if without_secrets is None:
                raise
            raise without_secrets from None
        instant = datetime.now(UTC)
        new = [self._start(workspace, request, instant) for request in found.requests]
        if found.cursor != cursor:
            Variable.set(self.cursor, json.dumps(found.cursor), description=f"cursor of the sensor {self.task_id}")
        if not any(new):
            raise AirflowSkipException("nothing is new")

    def _start(self, workspace: Workspace, request: Request, instant: datetime) -> bool:
        """Start the runs of a request; whether there were none before."""
        # What others wait for comes last: wherever this is interrupted, its event is behind the time of their runs.
        runs = sorted(self._runs(workspace, request), key=lambda item: item[1] == [None])
        made = {step for _, _, steps in runs for step in steps}
        if elsewhere := sorted(request.config.keys() - made):
            raise AirflowFailException(
                f"{request.key!r} has values for {', '.join(elsewhere)}, which a DAG makes that follows others: it"
                " would not receive them"
            )
        new = [
            _trigger(dag, self._run_id(request, key, len(keys)), _conf(request, steps, key), instant)
            for dag, keys, steps in runs
            for key in keys
        ]
        return any(new)

    def _run_id(self, request: Request, partition: str | None, count: int) -> str:
        """The id of a run, which tells the key; of several runs of one DAG the partition, too."""
        return run_name(self.task_id, request.key if count == 1 else f"{request.key} {partition}")

    def _runs(self, workspace: Workspace, request: Request) -> Iterator[tuple[str, list[str | None], Sequence[str]]]:
        """The DAGs that a request starts, each with the partition keys of its runs and its steps."""
        left = set(request.keys)
        for dags in (self.starts, self.follows):
            wanted = sorted(left)
            for dag, steps in dags.items():
                definition = workspace.step(steps[0]).partitions
                if definition is None:
                    yield dag, [None], steps
                    continue
                found = {text: _fitting(workspace, definition, text) for text in wanted}
                left -= {text for text, keys in found.items() if keys}
                keys = list(dict.fromkeys(key for keys in found.values() for key in keys))
                if not keys and dags is self.starts:
                    keys = _all_keys(definition)
                if keys:
                    yield dag, [*keys], steps
        if left:
            raise AirflowFailException(
                f"{request.key!r} asks for {', '.join(sorted(left))}, of which no DAG of the job makes anything"
            )


def _fitting(workspace: Workspace, definition: Any, text: str) -> list[str]:
    """The keys of a definition that a text means: itself, or of many dimensions all that belong to its period."""
    from flowstone.dsl.partitions import MultiPartitions, PartitionKeyError
    from flowstone.runtime.dimensions import keys_within

    try:
        return [workspace.key(definition, text).text]
    except PartitionKeyError:
        if not isinstance(definition, MultiPartitions) or len(definition.times) != 1:
            return []
    try:
        return list(keys_within(definition, text))
    except PartitionKeyError:
        return []


def _all_keys(definition: Any) -> list[str]:
    """Every key of a definition without periods: what a run makes that is given none of them."""
    from flowstone.dsl.partitions import StaticPartitions, axes

    if not all(isinstance(axis, StaticPartitions) for axis in axes(definition)):
        return []
    keys: Iterator[PartitionKey] = definition.keys()
    return [key.text for key in keys]


def _conf(request: Request, steps: Sequence[str], key: str | None) -> dict[str, Json]:
    """What a run of a DAG is given: the config values for its steps, and its partition."""
    from flowstone.ir.run_parameters import parameter_name

    values = {
        parameter_name(step, name): value
        for step, given in request.config.items()
        if step in steps
        for name, value in given.items()
    }
    return values if key is None else {**values, PARTITION: key}


def _trigger(dag_id: str, run_id: str, conf: dict[str, Json], instant: datetime) -> bool:
    """Start a run; False if there is one of this id. Errors: AirflowFailException for what Airflow refuses otherwise.

    ``TriggerDagRunOperator`` sends the same message, but one a task.
    """
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun

    message = TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf, run_after=instant)
    answer = task_runner.SUPERVISOR_COMMS.send(message)
    if not isinstance(answer, ErrorResponse):
        return True
    if answer.error == ErrorType.DAGRUN_ALREADY_EXISTS:
        return False
    raise AirflowFailException(f"Airflow starts no run {run_id} of {dag_id}: {answer.error} {answer.detail}")
