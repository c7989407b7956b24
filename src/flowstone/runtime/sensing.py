"""One look of a sensor: its function is called, and what it asks for becomes requests that every engine can carry out.

Whether a request was made before is the engine's concern: it keeps the runs, and the cursor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from flowstone.dsl.context import Context
from flowstone.dsl.dynamic_partitions import written_key
from flowstone.dsl.partitions import PartitionKeyError
from flowstone.dsl.sensing import RunRequest, SensorResult
from flowstone.errors import ConfigurationError, RequestError
from flowstone.ir.function import ConfigParameter
from flowstone.ir.job import Job
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.run_keys import closed_keys, why_not_key
from flowstone.ir.sensor import Sensor
from flowstone.runtime.arguments import config_arguments
from flowstone.runtime.calls import Caller
from flowstone.runtime.parameters import coerce
from flowstone.runtime.prepared import needed_resources
from flowstone.runtime.registry import Registry
from flowstone.runtime.resources import OpenResources
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

Config = dict[str, dict[str, Json]]
"""Values of config parameters by step, then by parameter."""


class Request(Struct, frozen=True):
    """A run that was asked for."""

    key: str
    keys: tuple[str, ...] = ()
    """Those of the partitions to make: the one that was asked for, or of periods the last ones that are over."""
    config: Config = {}


class Look(Struct, frozen=True):
    """What a look came to."""

    requests: tuple[Request, ...]
    """Each key once."""
    cursor: str | None
    """What the next look receives."""


def look(
    workspace: Workspace, name: str, cursor: str | None, run_id: str, engine: Literal["airflow", "prefect", "local"]
) -> Look:
    """Call the function of a sensor, with its resources open.

    Errors: RequestError for what cannot be asked for; ResourceError; ConfigurationError; whatever the function raises.
    """
    sensor = sensor_of(workspace.project, name)
    job = workspace.project.jobs.get(sensor.job)
    if job is None:
        raise ConfigurationError(f"the project has no job {sensor.job!r}", help="compile the project again")
    context = Context(run_id=run_id, engine=engine)
    found = _called(workspace, sensor, cursor, context)
    requests: dict[str, Request] = {}
    for item in found:
        if isinstance(item, SensorResult):
            cursor = cursor if item.cursor is None else _text(name, item.cursor)
        else:
            requests.setdefault(item.key, _request(workspace.project, sensor, job, item))
    _add_partitions(workspace, sensor, context, Run(run_id, engine))
    return Look(tuple(requests.values()), cursor)


def _add_partitions(workspace: Workspace, sensor: Sensor, context: Context, run: Run) -> None:
    """Add what the function has asked for by ``ctx.add_partitions``. Errors: RequestError for what cannot be a key."""
    for registry, keys in context.added_partitions.items():
        try:
            Registry(workspace, registry).add(map(written_key, keys), run)
        except PartitionKeyError as error:
            raise RequestError(f"sensor {sensor.name}: ctx.add_partitions({registry!r}, ...): {error}") from error


def sensor_of(project: Project, name: str) -> Sensor:
    """The sensor of a name. Errors: ConfigurationError."""
    if name not in project.sensors:
        raise ConfigurationError(f"the project has no sensor {name!r}", help="compile the project again")
    return project.sensors[name]


def _called(workspace: Workspace, sensor: Sensor, cursor: str | None, context: Context) -> list[Any]:
    """What the function returned or yielded, each request for itself, and every result behind what it holds."""
    resources = needed_resources(workspace.project, (sensor.signature,))
    functions = [sensor.function, *(item.function for item in resources)]
    workspace.demand_sources({name for item in functions for name in (item.module, item.defined_in)})
    function = workspace.function(sensor.function, "sensor")
    given = workspace.project.params.get(sensor.name, {})
    log = logging.getLogger("flowstone")
    with Caller() as caller, OpenResources(workspace, caller, context, log) as opened:
        opened.open(resources)
        arguments = {
            **config_arguments(workspace, sensor.name, sensor.signature, given),
            **opened.arguments(sensor.signature),
        }
        if sensor.cursor is not None:
            arguments[sensor.cursor] = cursor
        if sensor.signature.context is not None:
            arguments[sensor.signature.context] = context
        if not sensor.function.is_generator:
            returned = caller.call(function, arguments, is_async=sensor.function.is_async)
            return list(_flat(sensor.name, returned, depth=0))
        generator, found = function(**arguments), list[Any]()
        while True:
            yielded, value = caller.advance(generator, is_async=sensor.function.is_async)
            if not yielded:
                return found
            found += _flat(sensor.name, value, depth=1)


def _flat(name: str, value: Any, depth: int) -> Iterator[RunRequest | SensorResult]:
    """The requests in a value, a result behind those that it holds. Errors: RequestError for anything else."""
    if value is None:
        return
    if isinstance(value, RunRequest):
        yield value
    elif isinstance(value, SensorResult):
        for item in value.requests:
            if not isinstance(item, RunRequest):
                raise RequestError(f"sensor {name} has a {type(item).__name__} among its requests, not a RunRequest")
            yield item
        yield value
    elif depth == 0 and _is_iterable(value):
        for item in value:
            yield from _flat(name, item, 1)
    else:
        raise RequestError(
            f"sensor {name} gives a {type(value).__name__}", help="give RunRequests, a SensorResult or None"
        )


def _is_iterable(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str | bytes | Mapping)


def _text(name: str, cursor: Any) -> str:
    if isinstance(cursor, str):
        return cursor
    raise RequestError(
        f"the cursor of sensor {name} is a {type(cursor).__name__}, not a text", help="write it as one: json.dumps(...)"
    )


def _request(project: Project, sensor: Sensor, job: Job, asked: RunRequest) -> Request:
    """Errors: RequestError for a partition or a config value that the job does not have."""
    place = f"sensor {sensor.name} asks by {asked.key!r} for"
    if asked.partition is not None:
        reason = why_not_key(project, job.steps, _partition(place, asked.partition))
        if reason is not None:
            raise RequestError(f"{place} a partition that the job {job.name} has not: {reason}")
        return Request(asked.key, (asked.partition,), _config(project, job, asked, place))
    closed = closed_keys(project, job.steps, datetime.now(UTC))
    if any(not keys for keys in closed.values()):
        raise RequestError(f"{place} a run of {job.name} without a partition, and no period of it is over")
    texts = tuple(key.text for keys in closed.values() for key in keys)
    return Request(asked.key, texts, _config(project, job, asked, place))


def _partition(place: str, partition: Any) -> str:
    if isinstance(partition, str):
        return partition
    raise RequestError(f"{place} the partition {partition!r}, which is no text", help="give the text of the key")


def _config(project: Project, job: Job, asked: RunRequest, place: str) -> Config:
    """The values by step. Errors: RequestError for a parameter that there is not, or a value of another type."""
    found: Config = {}
    for dotted, value in asked.config.items():
        step, _, parameter = str(dotted).rpartition(".")
        declared = _parameters(project, job, step).get(parameter)
        if declared is None:
            raise RequestError(f"{place} the value of {dotted}, which no asset of the job {job.name} takes")
        try:
            coerce(declared, value, str(dotted))
        except ConfigurationError as error:
            raise RequestError(f"{place} a value that does not fit: {error}") from None
        found.setdefault(step, {})[parameter] = value
    return found


def _parameters(project: Project, job: Job, step: str) -> dict[str, ConfigParameter]:
    if step not in job.steps:
        return {}
    return {item.name: item for item in project.steps[step].signature.config}
