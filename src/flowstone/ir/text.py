"""The IR as a few lines of text: what a test asserts and a person reads. Places and fingerprints are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from flowstone.dsl.mappings import ByDimension
from flowstone.dsl.partitions import MultiPartitions
from flowstone.dsl.schedule import Cron, OnUpdate, Schedule
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.function import Dependency, FunctionRef, Signature
from flowstone.ir.gate import Gate
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor


def to_text(project: Project) -> str:
    """The whole project, one line a fact, ending with a newline."""
    return "\n".join(_project(project)) + "\n"


def _project(project: Project) -> Iterator[str]:
    yield f"project {project.name}"
    for name, manager in project.io_managers.items():
        yield f"io_manager {name}: {manager.type}{_options(manager.options)}"
    for resource in project.resources.values():
        yield from _resource(resource)
    for step in project.steps.values():
        yield from _step(project, step)
    for check in project.checks:
        yield from _check(check)
    for job in project.jobs.values():
        yield _job(job)
    for sensor in project.sensors.values():
        yield from _sensor(sensor)


def _resource(resource: Resource) -> Iterator[str]:
    yield f"{'item reader' if resource.items else 'resource'} {resource.name} = {_function(resource.function)}"
    yield from _signature(resource.signature)


def _check(check: Check) -> Iterator[str]:
    yield f"check {check.name} on {check.asset}{' blocking' if check.blocking else ''} = {_function(check.function)}"
    yield from _signature(check.signature)


def _step(project: Project, step: Step) -> Iterator[str]:
    yield f"step {step.id}{_value(' by ', step.partitions)} = {_function(step.function)}"
    yield from _signature(step.signature)
    for name, label in (
        ("retries", step.retries),
        ("scatter", step.scatter),
        ("checkpoint", step.checkpoint),
        ("schedule", step.schedule),
    ):
        if label is not None:
            yield f"  {name} {_value('', label)}"
    if step.gate is not None:
        yield from _gate(step.gate)
    if step.timeout is not None:
        yield f"  timeout {step.timeout:g}s"
    if step.concurrency is not None:
        yield f"  limited by {step.concurrency}"
    if not step.cache:
        yield "  no cache"
    if step.choices:
        default = "" if step.default_choice is None else f", else {step.default_choice}"
        yield f"  chooses {', '.join(step.choices)}{default}"
    if step.branches:
        yield f"  joins {', '.join(step.branches)}"
    if step.routed_from is not None:
        yield f"  routed from {step.routed_from}"
    for engine, options in step.engine_options.items():
        yield f"  {engine}{_options(options)}"
    for asset in step.outputs.values():
        yield _asset(project.assets[asset])


def _gate(gate: Gate) -> Iterator[str]:
    yield f"  waits for a signal{'' if gate.timeout is None else f' for {gate.timeout:g}s'}"
    for word, handler in gate.handlers.items():
        given = ", ".join(filter(None, (handler.context, handler.payload, handler.signal)))
        yield f"  {word}({given}) -> {handler.returns or '?'} = {_function(handler.function)}"


def _asset(asset: Asset) -> str:
    parts = [f"  asset {asset.id}: {asset.type or '?'} in {asset.storage.manager}{_options(asset.storage.options)}"]
    if asset.group != "default":
        parts.append(f"group={asset.group}")
    if asset.tags:
        parts.append("tags=" + ",".join(f"{tag}={value}" if value else tag for tag, value in asset.tags.items()))
    if asset.owners:
        parts.append("owners=" + ",".join(asset.owners))
    if asset.meta:
        parts.append(f"meta={json.dumps(asset.meta, sort_keys=True)}")
    return " ".join(parts)


def _signature(signature: Signature) -> Iterator[str]:
    if signature.context is not None:
        yield f"  context {signature.context}"
    for dependency in signature.dependencies:
        yield _dependency(dependency)
    for use in signature.resources:
        where = "" if use.handler is None else f" in {use.handler}"
        yield f"  {'items' if use.scattered else 'resource'} {use.parameter or '-'} <- {use.resource}{where}"
    for parameter in signature.config:
        default = json.dumps(parameter.default, sort_keys=True)
        where = "" if parameter.handler is None else f" in {parameter.handler}"
        yield f"  config {parameter.name}: {parameter.type or '?'} = {default}{where}"


def _dependency(dependency: Dependency) -> str:
    if dependency.handler is not None:
        plain = _dependency(dependency.model_copy(update={"handler": None}))
        return f"{plain} in {dependency.handler}"
    if dependency.parameter is None:
        head = f"  after {dependency.asset}"
    else:
        head = f"  needs {dependency.parameter}: {dependency.type or '?'} <- {dependency.asset}"
    head += " scattered" if dependency.scattered else " or failure" if dependency.partial else ""
    return head + _value(" by ", dependency.mapping) + (" optional" if dependency.optional else "")


def _job(job: Job) -> str:
    kind = "group job" if job.implicit else "job"
    limit = "" if job.concurrency is None else f" {job.concurrency} at once"
    return f"{kind} {job.name}{_value(' at ', job.schedule)}{limit}: {' '.join(job.steps)}"


def _sensor(sensor: Sensor) -> Iterator[str]:
    limit = f"every {sensor.every:g} seconds, {sensor.timeout:g} seconds each"
    yield f"sensor {sensor.name} of {sensor.job} {limit} = {_function(sensor.function)}"
    if sensor.cursor is not None:
        yield f"  cursor {sensor.cursor}"
    yield from _signature(sensor.signature)


def schedule_text(schedule: Schedule) -> str:
    """When a job runs, in words."""
    if isinstance(schedule, Cron):
        return f"at {schedule.expression} ({schedule.timezone or 'UTC'})"
    if isinstance(schedule, OnUpdate):
        joined = " and " if schedule.when == "all" else " or "
        plural = len(schedule.assets) > 1 and schedule.when == "all"
        return f"after {joined.join(schedule.assets)} {'were' if plural else 'was'} made"
    return f"every {schedule.interval:g} seconds"


def _function(function: FunctionRef) -> str:
    made = f" in {function.defined_in}" if function.defined_in != function.module else ""
    return f"{'async ' if function.is_async else ''}{function.module}:{function.name}{made}"


def _options(options: dict[str, Any]) -> str:
    return "".join(f" {name}={json.dumps(value, sort_keys=True)}" for name, value in options.items())


def _value(before: str, value: Any) -> str:
    """A value of the language as its class name and what is set in it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, MultiPartitions):
        given = [_value(f"{item.name}=", item.partitions) for item in value.dimensions]
    elif isinstance(value, ByDimension):
        given = [_value(f"{item.name}=", item.mapping) for item in value.dimensions]
    else:
        given = [
            f"{field.name}={getattr(value, field.name)!r}"
            for field in fields(value)
            if field.name != "kind" and getattr(value, field.name) not in (None, (), field.default)
        ]
    return f"{before}{type(value).__name__}({', '.join(given)})"
