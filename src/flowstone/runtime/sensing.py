"""One look of a sensor: its function is called, and what it asks for becomes requests that every engine can carry out.

Whether a request was made before is the engine's concern: it keeps the runs, and the cursor.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct
from pydantic_core import PydanticSerializationError

from flowstone.dsl.context import Context
from flowstone.dsl.dynamic_partitions import written_key
from flowstone.dsl.partitions import PartitionKeyError, Partitions
from flowstone.dsl.sensing import RunRequest, SensorResult
from flowstone.errors import ConfigurationError, RequestError
from flowstone.ir.config_types import adapter
from flowstone.ir.function import ConfigParameter
from flowstone.ir.job import Job
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.run_keys import closed_keys, known_definitions, why_no_key_of
from flowstone.ir.sensor import Sensor
from flowstone.runtime.arguments import config_arguments
from flowstone.runtime.calls import Caller
from flowstone.runtime.event_log import keeps
from flowstone.runtime.parameters import coerce
from flowstone.runtime.prepared import needed_resources
from flowstone.runtime.registry import Registry
from flowstone.runtime.resources import OpenResources
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

Config = dict[str, dict[str, Json]]
"""Values of config parameters by step, then by parameter."""
_HALF = ", and half of a character is in it"
_WHOLE = "the name of a file that is no UTF-8 has one; write it otherwise, as by ascii()"


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
    asking = _Asking(workspace.project, sensor, job)
    for item in found:
        if isinstance(item, SensorResult):
            cursor = cursor if item.cursor is None else _text(name, item.cursor)
        else:
            requests.setdefault(item.key, asking.request(item))
    _add_partitions(workspace, sensor, context, Run(run_id, engine))
    return Look(tuple(requests.values()), cursor)


def kept_cursor(sensor: str, content: str | None) -> str | None:
    """The cursor in a variable of an engine. Errors: RequestError if somebody has put something else there."""
    try:
        found = None if content is None else json.loads(content)
    except ValueError:
        found = False
    if found is None or isinstance(found, str):
        return found
    raise RequestError(
        f"the variable with the cursor of sensor {sensor} holds {content!r}, which is no text in JSON",
        help="""write it in quotes, as "2024-01-31", or remove the variable""",
    )


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
        if not _is_iterable(value.requests):
            kind = type(value.requests).__name__
            raise RequestError(f"sensor {name} gives a {kind} as the requests of a result", help="give a list of them")
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
    if not isinstance(cursor, str):
        raise RequestError(
            f"the cursor of sensor {name} is a {type(cursor).__name__}, not a text",
            help="write it as one: json.dumps(...)",
        )
    if not keeps(cursor):
        raise RequestError(f"sensor {name} gives the cursor {cursor!r}{_HALF}", help=_WHOLE)
    return cursor


class _Asking:
    """What a sensor can ask for. What many requests need is found once."""

    def __init__(self, project: Project, sensor: Sensor, job: Job) -> None:
        self._project = project
        self._sensor = sensor
        self._job = job
        self._now = datetime.now(UTC)

    def request(self, asked: RunRequest) -> Request:
        """Errors: RequestError for a key that cannot be kept, a partition or a config value that the job has not."""
        if not keeps(asked.key):
            raise RequestError(f"sensor {self._sensor.name} asks by the key {asked.key!r}{_HALF}", help=_WHOLE)
        place = f"sensor {self._sensor.name} asks by {asked.key!r} for"
        return Request(asked.key, self._keys(asked.partition, place), self._config(asked.config, place))

    def _keys(self, partition: Any, place: str) -> tuple[str, ...]:
        if partition is None:
            if self._closed is None:
                job = self._job.name
                raise RequestError(f"{place} a run of {job} without a partition, and no period of it is over")
            return self._closed
        if not isinstance(partition, str):
            raise RequestError(
                f"{place} the partition {partition!r}, which is no text", help="give the text of the key"
            )
        reason = why_no_key_of(self._definitions, partition)
        if reason is not None:
            raise RequestError(f"{place} a partition that the job {self._job.name} has not: {reason}")
        return (partition,)

    @cached_property
    def _definitions(self) -> tuple[Partitions, ...]:
        return known_definitions(self._project, self._job.steps)

    @cached_property
    def _closed(self) -> tuple[str, ...] | None:
        """The keys of the last periods; None if there is none of some partitions."""
        found = closed_keys(self._project, self._job.steps, self._now)
        return tuple(key.text for keys in found.values() for key in keys) if all(found.values()) else None

    @cached_property
    def _parameters(self) -> dict[tuple[str, str], ConfigParameter]:
        steps = (self._project.steps[name] for name in self._job.steps)
        return {(step.id, item.name): item for step in steps for item in step.signature.config}

    def _config(self, given: Any, place: str) -> Config:
        """The values by step, as JSON."""
        if not isinstance(given, Mapping):
            raise RequestError(f"{place} the config {given!r}", help='give a mapping: {"asset.parameter": value}')
        found: Config = {}
        for dotted, value in given.items():
            step, _, parameter = str(dotted).rpartition(".")
            declared = self._parameters.get((step, parameter))
            if declared is None:
                raise RequestError(f"{place} the value of {dotted}, which no asset of the job {self._job.name} takes")
            found.setdefault(step, {})[parameter] = _json(declared, value, str(dotted), place)
        return found


def _json(declared: ConfigParameter, value: Any, dotted: str, place: str) -> Json:
    """A value of a parameter as JSON. Errors: RequestError for one of another type, or that JSON cannot keep."""
    try:
        taken = coerce(declared, value, dotted)
        found: Json = adapter(declared.type).dump_python(taken, mode="json", warnings=False)
    except ConfigurationError as error:
        raise RequestError(f"{place} a value that does not fit: {error}") from None
    except (PydanticSerializationError, ValueError) as error:
        raise RequestError(f"{place} a value of {dotted} that is no JSON: {error}") from None
    if not keeps(found):
        raise RequestError(f"{place} a value of {dotted} with a number or text that JSON cannot keep")
    return found
