"""What an editor shows of an asset, a resource, a job, a check or a sensor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from flowstone.ir.asset import Asset, Step
from flowstone.ir.project import Project
from flowstone.lsp.mentions import Target

_MOST = 8
"""Names in a list."""


def describe(project: Project, target: Target) -> str | None:
    """The facts about something as Markdown; None if the project does not know it."""
    if target.kind == "asset" and target.id in project.assets:
        return "\n".join(_asset(project, project.assets[target.id]))
    if target.kind == "resource" and target.id in project.resources:
        return "\n".join(_resource(project, target.id))
    if target.kind == "job" and target.id in project.jobs:
        return "\n".join(_job(project, target.id))
    if target.kind == "check":
        return "\n".join(_check(project, target.id))
    if target.kind == "sensor" and target.id in project.sensors:
        return "\n".join(_sensor(project, target.id))
    return None


def _head(kind: str, name: str, type: object, description: str) -> Iterator[str]:
    yield f"**{kind}** `{name}`" + (f" → `{type}`" if type is not None else "")
    yield ""
    if description.strip():
        yield from (description.strip(), "")


def _asset(project: Project, asset: Asset) -> Iterator[str]:
    yield from _head("asset", asset.id, asset.type, asset.description)
    step = project.steps.get(asset.step)
    if asset.partitions is not None:
        yield f"- partitions: `{value(asset.partitions)}`"
    yield f"- stored by {_manager(project, asset)}"
    yield f"- group: `{asset.group}`"
    if asset.owners:
        yield f"- owners: {', '.join(asset.owners)}"
    if asset.tags:
        yield f"- tags: {_names(f'{tag}={text}' if text else tag for tag, text in asset.tags.items())}"
    if step is not None:
        yield from _connections(project, asset, step)


def _manager(project: Project, asset: Asset) -> str:
    name = asset.storage.manager
    manager = project.io_managers.get(name)
    kind = "" if manager is None or manager.type == name else f" ({manager.type})"
    options = ", ".join(f"{key}={json.dumps(item, ensure_ascii=False)}" for key, item in asset.storage.options.items())
    return f"`{name}`{kind}" + (f": `{options}`" if options else "")


def _connections(project: Project, asset: Asset, step: Step) -> Iterator[str]:
    yield f"- needs: {_names(item.asset for item in step.signature.dependencies)}"
    yield f"- used by: {_names(consumers(project, asset.id))}"
    resources = [item.resource for item in step.signature.resources]
    if resources:
        yield f"- resources: {_names(resources)}"
    checks = project.checks_of.get(asset.id, ())
    if checks:
        yield f"- checks: {_names(check.name for check in checks)}"
    jobs = [job.name for job in project.jobs.values() if step.id in job.steps and not job.implicit]
    if jobs:
        yield f"- jobs: {_names(jobs)}"
    if step.gate is not None:
        length = "without an end" if step.gate.timeout is None else f"for {step.gate.timeout:g} s"
        yield f"- waits for a signal {length}: {_names(item.function.name for item in step.gate.handlers.values())}"
    if step.schedule is not None:
        yield f"- schedule: `{value(step.schedule)}`"


def _resource(project: Project, name: str) -> Iterator[str]:
    resource = project.resources[name]
    yield from _head("resource", name, resource.signature.returns, resource.description)
    for parameter in resource.signature.config:
        yield f"- config: `{parameter.name} = {json.dumps(parameter.default, ensure_ascii=False)}`"
    users = [step.id for step in project.steps.values() if name in {use.resource for use in step.signature.resources}]
    yield f"- used by: {_names(users)}"


def _job(project: Project, name: str) -> Iterator[str]:
    job = project.jobs[name]
    yield from _head("job", name, None, job.description)
    if job.schedule is not None:
        yield f"- schedule: `{value(job.schedule)}`"
    if sensors := project.sensors_of.get(name):
        yield f"- started by: {_names(sensor.name for sensor in sensors)}"
    yield f"- runs: {_names(job.steps)}"


def _sensor(project: Project, name: str) -> Iterator[str]:
    sensor = project.sensors[name]
    yield from _head("sensor", name, None, sensor.description)
    yield f"- starts: `{sensor.job}`"
    yield f"- looks every {sensor.every:g} seconds"


def _check(project: Project, name: str) -> Iterator[str]:
    for check in project.checks:
        if check.name == name:
            yield from _head("blocking check" if check.blocking else "check", name, None, check.description)
            yield f"- on: `{check.asset}`"


def consumers(project: Project, asset: str) -> list[str]:
    """Ids of the steps that read an asset, or wait for it."""
    return [
        step.id
        for step in project.steps.values()
        if any(item.asset == asset for item in step.signature.dependencies) and asset not in step.outputs.values()
    ]


def value(item: Any) -> str:
    """A value of the language as one would write it: what is not given is left out."""
    given = [
        f"{field.name}={getattr(item, field.name)!r}"
        for field in fields(item)
        if field.name != "kind" and getattr(item, field.name) not in (None, (), field.default)
    ]
    return f"{type(item).__name__}({', '.join(given)})"


def _names(found: Iterable[str]) -> str:
    names = list(dict.fromkeys(found))
    if not names:
        return "nothing"
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(f"`{name}`" for name in names[:_MOST]) + more
