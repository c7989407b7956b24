"""What a project is apart from places and texts: who needs what under which name; with one name replaced, if wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowstone.dsl.schedule import OnUpdate
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.function import Signature
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.ir.updates import updates_of
from flowstone.lsp.mentions import Target

Fact = tuple[Any, ...]


def shape(project: Project, target: Target | None = None, new: str = "") -> set[Fact]:
    """All facts; with the target renamed."""
    return set(_Shape(project, target, new).facts())


class _Shape:
    def __init__(self, project: Project, target: Target | None, new: str) -> None:
        self._project = project
        self._target = target
        self._old = "" if target is None else target.name
        self._new = new

    def facts(self) -> Iterator[Fact]:
        """Every fact that a name takes part in."""
        project = self._project
        for step in project.steps.values():
            outputs = tuple(self._asset(asset) for asset in step.outputs.values())
            yield ("step", self._asset(step.id), outputs, step.partitions, *self._function(step))
        for asset in project.assets.values():
            storage = (asset.storage.manager, repr(sorted(asset.storage.options.items())))
            yield ("asset", self._asset(asset.id), asset.group, str(asset.type), storage, tuple(sorted(asset.tags)))
        for check in project.checks:
            yield ("check", check.name, self._asset(check.asset), check.blocking, *self._function(check))
        for resource in project.resources.values():
            yield ("resource", self._resource(resource.name), *self._function(resource))
        for sensor in project.sensors.values():
            told = (self._job(sensor.job), sensor.every, sensor.timeout, sensor.cursor)
            yield ("sensor", sensor.name, *told, *self._function(sensor))
        for job in project.jobs.values():
            name = self._job(job.name)
            steps = tuple(sorted(self._asset(step) for step in job.steps))
            yield ("job", "" if job.implicit else name, steps, self._schedule(job), job.implicit)

    def _schedule(self, job: Job) -> object:
        if not isinstance(job.schedule, OnUpdate):
            return job.schedule
        return job.schedule.when, tuple(self._asset(asset) for asset in updates_of(self._project, job))

    def _function(self, item: Step | Check | Resource | Sensor) -> Fact:
        return (item.function.module, *self._signature(item.signature))

    def _signature(self, signature: Signature) -> Iterator[Fact]:
        for needed in signature.dependencies:
            parameter = self._parameter(needed.parameter, "asset", needed.asset)
            how = needed.mapping, needed.optional, str(needed.type), needed.handler
            yield ("needs", self._asset(needed.asset), parameter, *how)
        for use in signature.resources:
            parameter = self._parameter(use.parameter, "resource", use.resource)
            yield ("uses", self._resource(use.resource), parameter, use.handler)
        for config in signature.config:
            yield ("config", config.name, repr(config.default), config.handler)
        yield ("context", signature.context, str(signature.returns))

    def _is(self, kind: str, id: str) -> bool:
        return self._target is not None and (self._target.kind, self._target.id) == (kind, id)

    def _asset(self, id: str) -> str:
        return f"{id[: -len(self._old)]}{self._new}" if self._is("asset", id) else id

    def _resource(self, name: str) -> str:
        return self._new if self._is("resource", name) else name

    def _job(self, name: str) -> str:
        return self._new if self._is("job", name) else name

    def _parameter(self, name: str | None, kind: str, id: str) -> str | None:
        return self._new if name == self._old and self._is(kind, id) else name
