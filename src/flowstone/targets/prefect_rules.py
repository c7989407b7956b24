"""What is refused when compiling for Prefect."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping

from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.dsl.partitions import TimePartitions, axes
from flowstone.dsl.schedule import Cron, OnUpdate
from flowstone.ir.asset import Step
from flowstone.ir.job import Job
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.registries import is_told_by_registries
from flowstone.ir.run_parameters import config_parameters, parameter_name, partition_parameters
from flowstone.ir.updates import updates_of
from flowstone.ir.uri import asset_uri
from flowstone.targets.constructs import looks_forward
from flowstone.targets.refusals import Option, Refusals

_BANNED_IN_KEYS = "\n\r\t\0 #?&%\"'<>[]{}|\\^`"
_BANNED_IN_NAMES = "/%&<>"
_MAX_KEY = 512


def _is_text_list(value: Json) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _is_run_name(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(value) if field is not None]
    except ValueError:
        return False
    return set(fields) <= {"partition"}


_OPTIONS: Mapping[str, Option] = {
    "log_prints": ("a bool", lambda value: isinstance(value, bool)),
    "tags": ("a list of texts", _is_text_list),
    "task_run_name": ("a text with no other placeholder than {partition}", _is_run_name),
    "version": ("a text", lambda value: isinstance(value, str)),
    "viz_return_value": ("a text, number or bool", lambda value: isinstance(value, str | int | float)),
}
_OWN_WORDS = {
    "description": "description=",
    "name": "name=",
    "persist_result": "io_manager=",
    "cache_policy": "cache=",
    "retries": "retries=",
    "retry_delay_seconds": "retries=Retry(...)",
    "retry_jitter_factor": "retries=Retry(...)",
    "retry_condition_fn": "retries=Retry(..., on=[...])",
    "timeout_seconds": "timeout=",
}

_PREFECT = Refusals("Prefect", "prefect", "flow parameter", _OPTIONS, _OWN_WORDS)


def flow_name(project: Project, job: Job) -> str:
    """Name of the flow of a job: projects share a Prefect server."""
    return f"{project.name}__{job.name}"


def starters(project: Project, job: Job) -> list[str]:
    """Assets of other jobs whose materialization can start a run of this one: their keys are those of the run."""
    definitions = set(partition_parameters(project, job.steps).values())
    times = {definition for definition in definitions if isinstance(definition, TimePartitions)}
    needs = dict.fromkeys(
        need.asset
        for step in job.steps
        for need in project.steps[step].signature.dependencies
        if not need.optional and not looks_forward(need.mapping)
    )
    outside = [project.assets[asset] for asset in needs if project.assets[asset].step not in job.steps]
    return [asset.id for asset in outside if not times or not times.isdisjoint(axes(asset.partitions))]


def is_compound(project: Project, job: Job) -> bool:
    """Whether each of several assets must be made anew before a run of the job."""
    all_of_them = isinstance(job.schedule, OnUpdate) and job.schedule.when == "all"
    return all_of_them and len(updates_of(project, job)) > 1


def refusals(project: Project) -> Iterator[Diagnostic]:
    """One error for each thing that Prefect cannot do, at its place in the source."""
    yield from _project_name(project)
    yield from _PREFECT.sensors(project)
    for job in project.jobs.values():
        yield from _job(project, job)
    for step in project.steps.values():
        yield from _asset_keys(project, step)
        yield from _PREFECT.memory(project, step)
        yield from _PREFECT.secrets(project, step)
        yield from _PREFECT.step_options(step)
        yield from _run_name(step)
        yield from _equal_dimensions(step)


def _project_name(project: Project) -> Iterator[Diagnostic]:
    bad = sorted({char for char in project.name if char in _BANNED_IN_KEYS + _BANNED_IN_NAMES or char.isspace()})
    if bad or not project.name:
        yield _PREFECT.error(
            f"the project's name {project.name!r} cannot be part of asset keys and flow names: it holds"
            f" {' '.join(map(repr, bad)) or 'nothing'}",
            None,
            "choose another name for the project",
        )


def _asset_keys(project: Project, step: Step) -> Iterator[Diagnostic]:
    for asset in step.outputs.values():
        key = asset_uri(project.name, asset)
        if len(key) > _MAX_KEY:
            yield _PREFECT.error(
                f"the asset key of {asset} has {len(key)} characters; at most {_MAX_KEY} are possible",
                step.location,
                "shorten the asset's name or namespace",
            )


def _job(project: Project, job: Job) -> Iterator[Diagnostic]:
    if isinstance(job.schedule, Cron):
        yield from _PREFECT.cron(job.name, job.schedule.expression, job.location)
    for text in (text for tag in job.tags.items() for text in tag):
        if "{{" in text:
            yield _PREFECT.error(
                f"job {job.name}: the tag {text!r} would be read as a template by prefect deploy", job.location, None
            )
    for step, parameter in config_parameters(project, job.steps):
        name = parameter_name(step, parameter.name)
        if name.startswith("_"):
            yield _PREFECT.error(
                f"{step}.{parameter.name} would be the flow parameter {name}; they cannot begin with an underscore",
                parameter.location,
                "rename the asset",
            )
    yield from _updates(project, job)
    yield from _PREFECT.parameter_names(project, job)
    yield from _PREFECT.later_partitions(project, job)


def _updates(project: Project, job: Job) -> Iterator[Diagnostic]:
    """Updates that do not tell which partition a run is for."""
    definitions = set(partition_parameters(project, job.steps).values())
    times = {definition for definition in definitions if isinstance(definition, TimePartitions)}
    location = job.location or project.steps[job.steps[0]].keywords.get("schedule")
    advice = "let the job follow assets with the same partitions, any of them, or let a clock start it"
    if definitions and is_compound(project, job) and not _tells_no_key(project, job):
        yield _PREFECT.error(
            f"job {job.name} waits for several assets, and a compound trigger does not tell their partitions apart",
            location,
            advice,
        )
        return
    for asset in updates_of(project, job):
        if times and times.isdisjoint(axes(project.assets[asset].partitions)):
            kinds = " and ".join(sorted(definition.kind for definition in times))
            yield _PREFECT.error(
                f"events of {asset} do not tell the {kinds} partition that a run of job {job.name} is for",
                location,
                advice,
            )


def _tells_no_key(project: Project, job: Job) -> bool:
    """Whether a run after several assets needs no key of theirs: it makes all that registries have."""
    plain = all(project.assets[asset].partitions is None for asset in updates_of(project, job))
    found = [project.steps[step].partitions for step in job.steps]
    return plain and all(item is None or is_told_by_registries(item) for item in found)


def _equal_dimensions(step: Step) -> Iterator[Diagnostic]:
    """Dimensions that would be one and the same parameter."""
    if len(set(axes(step.partitions))) < len(axes(step.partitions)):
        yield _PREFECT.error(
            f"{step.id}: two of its dimensions have the same partitions, and would be one flow parameter",
            step.keywords.get("partitioned_by", step.location),
            "let the two differ, for example by their start",
        )


def _run_name(step: Step) -> Iterator[Diagnostic]:
    name = step.engine_options.get("prefect", {}).get("task_run_name")
    if step.partitions is None and isinstance(name, str) and _is_run_name(name) and "{" in name:
        location = step.keywords.get("prefect", step.location)
        yield _PREFECT.error(f"{step.id}: {name!r} names a partition, and {step.id} has none", location, None)
