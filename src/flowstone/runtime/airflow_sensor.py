"""The operator of sensors. Generated DAGs import it only where there are any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Variable
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from flowstone.ir.run_requests import run_name
from flowstone.runtime.airflow import PARTITION, workspace_of

if TYPE_CHECKING:
    from datetime import datetime

    from flowstone.dsl.partitions import PartitionKey, Partitions
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

        from flowstone.runtime.sensing import kept_cursor, look

        workspace = workspace_of(self)
        cursor = kept_cursor(self.task_id, Variable.get(self.cursor, default=None))
        try:
            found = look(workspace, self.task_id, cursor, context["run_id"], "airflow")
        except (Exception, SystemExit) as error:
            without_secrets = workspace.redactor.replacement(error, retryable=False)
            if without_secrets is None:
                raise
            raise without_secrets from None
        asked = [run for request in found.requests for run in self._asked(workspace, request)]
        instant = datetime.now(UTC)
        new = [_trigger(*run, instant) for run in asked]
        if found.cursor != cursor:
            Variable.set(self.cursor, json.dumps(found.cursor), description=f"cursor of the sensor {self.task_id}")
        if not any(new):
            raise AirflowSkipException("nothing is new")

    def _asked(self, workspace: Workspace, request: Request) -> list[tuple[str, str, dict[str, Json]]]:
        """The runs of a request: each with the DAG's id, its own and what it is given.

        Errors: AirflowFailException for what cannot be.
        """
        # What others wait for comes last: wherever this is interrupted, its event is behind the time of their runs.
        runs = sorted(self._runs(workspace, request), key=lambda item: None in item[1])
        made = {step for _, _, steps in runs for step in steps}
        if elsewhere := sorted(request.config.keys() - made):
            raise AirflowFailException(
                f"{request.key!r} has values for {', '.join(elsewhere)}, which a DAG makes that follows others: it"
                " would not receive them"
            )
        return [
            (dag, self._run_id(request, mark), _conf(request, steps, key))
            for dag, keys, steps in runs
            for key, mark in keys.items()
        ]

    def _run_id(self, request: Request, mark: str) -> str:
        """The id of a run, which tells the key; of what stands for several runs of one DAG the mark, too.

        It depends on nothing that is another thing at the next look, as the last period that is over: the key would
        start once more.
        """
        return run_name(self.task_id, f"{request.key} {mark}" if mark else request.key)

    def _runs(self, workspace: Workspace, request: Request) -> Iterator[tuple[str, Mapping[Any, str], Sequence[str]]]:
        """The DAGs that a request starts, each with the partition keys of its runs and their marks, and its steps."""
        left = set(request.keys)
        for dags in (self.starts, self.follows):
            wanted = sorted(left)
            for dag, steps in dags.items():
                definition = workspace.step(steps[0]).partitions
                if definition is None:
                    yield dag, {None: ""}, steps
                    continue
                found = {text: _fitting(workspace, definition, text) for text in wanted}
                left -= {text for text, keys in found.items() if keys}
                keys = _together(found.values())
                if not keys and dags is self.starts:
                    keys = _all_keys(workspace, definition)
                if keys:
                    yield dag, keys, steps
        if left:
            raise AirflowFailException(
                f"{request.key!r} asks for {', '.join(sorted(left))}, of which no DAG of the job makes anything"
            )


def _fitting(workspace: Workspace, definition: Partitions, text: str) -> Mapping[str, str]:
    """The keys of a definition that a text means, with their marks: itself, or of many dimensions all of its period."""
    from flowstone.dsl.partitions import MultiPartitions, PartitionKeyError
    from flowstone.runtime.dimensions import keys_within
    from flowstone.runtime.registry import current

    try:
        return {workspace.key(definition, text).text: ""}
    except PartitionKeyError:
        if not isinstance(definition, MultiPartitions) or len(definition.times) != 1:
            return {}
    try:
        known = current(workspace, definition)
        return {key: _beside_the_period(known.parse(key)) for key in keys_within(known, text)}
    except PartitionKeyError:
        return {}


def _beside_the_period(key: PartitionKey) -> str:
    return ".".join(part.text for _, part in key.parts if part.start is None)


def _together(found: Iterable[Mapping[str, str]]) -> dict[Any, str]:
    """The keys of several texts, whose marks differ."""
    marks = {key: mark for keys in found for key, mark in keys.items()}
    return marks if len(set(marks.values())) == len(marks) else {key: key for key in marks}


def _all_keys(workspace: Workspace, definition: Partitions) -> dict[Any, str]:
    """Every key of a definition without periods, as its mark: what a run makes that is given none of them.

    Errors: AirflowFailException if its registry has none.
    """
    from flowstone.dsl.partitions import TimePartitions, axes
    from flowstone.runtime.registry import current, without_keys

    if any(isinstance(axis, TimePartitions) for axis in axes(definition)):
        return {}
    known = current(workspace, definition)
    if (reason := without_keys(known)) is not None:
        raise AirflowFailException(reason)
    return {key.text: key.text for key in known.keys()}  # noqa: SIM118 - no mapping


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
