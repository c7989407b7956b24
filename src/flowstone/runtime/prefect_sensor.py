"""What the flows of sensors call. Generated files import it only where there are any."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from prefect import State
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.types import MAX_VARIABLE_VALUE_LENGTH
from prefect.variables import Variable

from flowstone.dsl.partitions import MultiPartitions, PartitionKey, PartitionKeyError, Partitions
from flowstone.errors import RequestError
from flowstone.ir.job import Job
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.run_keys import definitions
from flowstone.ir.run_parameters import parameter_name, partition_parameters
from flowstone.ir.run_requests import run_name
from flowstone.runtime.prefect import PrefectJob, forward_logs
from flowstone.runtime.sensing import Request, kept_cursor, look, sensor_of
from flowstone.runtime.workspace import Workspace


def look_for_runs(job: PrefectJob, name: str) -> State[None]:
    """Let a sensor of the job look once, and start a run of the job's deployment for each request whose key is new.

    A request's key becomes the run's idempotency key, so that Prefect itself refuses a second one. The cursor is a
    variable of Prefect, and is moved on once all runs are there: whatever fails before, the next look asks again.

    Errors: as ``flowstone.runtime.sensing.look``; RequestError for a partition that the flow cannot be given, or a
    cursor that no variable holds: nothing is started then.
    """
    forward_logs()
    workspace = Workspace.open(job.manifest)
    project = workspace.project
    target = project.jobs[sensor_of(project, name).job]
    variable = cursor_variable(project.name, name)
    kept = Variable.get(variable)
    cursor = kept_cursor(name, None if kept is None else str(kept))
    try:
        found = look(workspace, name, cursor, str(flow_run.id), "prefect")
    except (Exception, SystemExit) as error:
        without_secrets = workspace.redactor.replacement(error, retryable=False)
        if without_secrets is None:
            raise
        raise without_secrets from None
    deployment = f"{project.name}__{target.name}/{target.name}"
    moved = _content(name, found.cursor) if found.cursor != cursor else None
    asked = [(request, _parameters(project, target, request)) for request in found.requests]
    for request, parameters in asked:
        key = run_name(name, request.key)
        run_deployment(deployment, parameters=parameters, idempotency_key=key, timeout=0, as_subflow=False)
    if moved is not None:
        Variable.set(variable, moved, overwrite=True)
    keys = ", ".join(request.key for request, _ in asked)
    return Completed(message=f"asked for {keys}" if asked else "nothing is new")


def cursor_variable(project: str, sensor: str) -> str:
    """Name of the variable that holds a cursor: Prefect takes small letters, digits, dashes and underscores."""
    name = f"{project}__sensor__{sensor}__cursor"
    fitting = re.sub(r"[^a-z0-9_-]", "_", name.lower())
    return name if name == fitting else f"{fitting}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _content(sensor: str, cursor: str | None) -> str:
    """What the variable of a cursor holds. Errors: RequestError if Prefect does not take so much."""
    content = json.dumps(cursor)
    size = len(json.dumps(content))
    if size > MAX_VARIABLE_VALUE_LENGTH:
        raise RequestError(
            f"the cursor of sensor {sensor} takes {size:,} characters in a variable of Prefect, which has "
            f"{MAX_VARIABLE_VALUE_LENGTH:,} at most",
            help="keep how far the sensor has read, not all that it has seen: a key starts no second run",
        )
    return content


def _parameters(project: Project, job: Job, request: Request) -> dict[str, Json]:
    """The parameters of the flow for a request."""
    names = partition_parameters(project, job.steps)
    found: dict[str, Json] = {}
    for text in request.keys:
        given = {
            name: key.text
            for name, definition in names.items()
            for key in _keys(text, definition, definitions(project, job.steps))
        }
        if not given:
            raise RequestError(f"{request.key!r} asks for {text}, which no parameter of {job.name} takes")
        found.update(given)
    for step, values in request.config.items():
        found.update({parameter_name(step, name): value for name, value in values.items()})
    return found


def _keys(text: str, axis: Partitions, known: Iterable[Partitions]) -> list[PartitionKey]:
    """The key of one definition that a text means: itself, or a part of a key of many dimensions."""
    try:
        return [axis.parse(text)]
    except PartitionKeyError:
        pass
    for definition in known:
        if isinstance(definition, MultiPartitions):
            try:
                parts = definition.parse(text).dimensions
            except PartitionKeyError:
                continue
            return [parts[name] for name, item in definition.by_name.items() if item == axis][:1]
    return []
