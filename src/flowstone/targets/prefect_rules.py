"""What Prefect can express of the language, and what is refused when compiling for it."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from math import isfinite

from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.partitions import TimePartitions
from flowstone.dsl.schedule import Cron
from flowstone.ir.asset import Step
from flowstone.ir.job import Job
from flowstone.ir.node import Json, Location
from flowstone.ir.project import Project
from flowstone.ir.run_parameters import config_parameters, config_value, parameter_name, partition_parameters
from flowstone.ir.uri import asset_uri
from flowstone.registry import io_manager_class
from flowstone.targets.contract import Capability

CODE = "FS801"

_BANNED_IN_KEYS = "\n\r\t\0 #?&%\"'<>[]{}|\\^`"
_BANNED_IN_NAMES = "/%&<>"
_MAX_KEY = 512


CAPABILITIES = tuple(
    Capability(*row)
    for row in (
        ("asset", "native", "a task made by @materialize; user code is imported when it runs"),
        ("outputs", "native", "one task with several assets"),
        ("description, owners", "native", "properties of the asset"),
        ("tags, group", "native", "tags of the task"),
        ("meta", "runtime", "metadata of the materialization event"),
        ("dependency", "native", "order by wait_for, lineage by asset_deps"),
        ("dependency: optional", "runtime", "a missing value is None; the order is that of any dependency"),
        ("partitions: daily", "native", "flow parameter daily, a date"),
        ("partitions: hourly", "native", "flow parameter hourly, a text"),
        ("partitions: weekly", "native", "flow parameter weekly, a date"),
        ("partitions: monthly", "native", "flow parameter monthly, a text"),
        ("partitions: static", "native", "flow parameter static, a choice; left out, one task run for each key"),
        ("mapping: same key, collected keys", "runtime", "by the records in the stores"),
        ("mapping: Last, Offset, Only, AllPartitions", "runtime", "by the records in the stores"),
        ("several partition definitions in a job", "runtime", "a coarser partition follows its last finer one"),
        ("io_manager", "runtime", "nothing is stored by Prefect"),
        ("io_manager: memory", "refused", "tasks do not share memory, unless nothing reads the value"),
        ("resource", "runtime", "opened and closed in the task that uses it"),
        ("config parameter", "native", "flow parameter STEP__PARAMETER with its default"),
        ("check", "runtime", "run before the value is published"),
        ("check: blocking", "runtime", "the task fails, and is not tried again"),
        ("retries", "native", "retries, retry_delay_seconds, retry_jitter_factor"),
        ("retries: on", "native", "retry_condition_fn"),
        ("timeout", "runtime", "the step runs in a process of its own, which is killed"),
        ("cache", "runtime", "by records; the task ends in the state Cached"),
        ("job", "native", "a flow and a deployment"),
        ("job without schedule", "native", "deployment triggers: assets of other jobs with the same keys start it"),
        ("schedule: Cron", "native", "5 fields, with time zone; a run makes the last period that is over"),
        ("schedule: Every", "native", "interval, counted from 2000-01-01 UTC"),
        ("prefect=", "native", "log_prints, tags, task_run_name, version, viz_return_value"),
    )
)


def flow_name(project: Project, job: Job) -> str:
    """Name of the flow of a job: projects share a Prefect server."""
    return f"{project.name}__{job.name}"


def starters(project: Project, job: Job) -> list[str]:
    """Assets of other jobs whose materialization can start a run of this one: their keys are those of the run."""
    definitions = set(partition_parameters(project, job.steps).values())
    keyed = any(isinstance(definition, TimePartitions) for definition in definitions)
    needs = dict.fromkeys(
        need.asset for step in job.steps for need in project.steps[step].signature.dependencies if not need.optional
    )
    outside = [project.assets[asset] for asset in needs if project.assets[asset].step not in job.steps]
    return [asset.id for asset in outside if not keyed or asset.partitions in definitions]


def refusals(project: Project) -> Iterator[Diagnostic]:
    """One error for each thing that Prefect cannot do, at its place in the source."""
    yield from _project_name(project)
    for job in project.jobs.values():
        yield from _job(project, job)
    for step in project.steps.values():
        yield from _asset_keys(project, step)
        yield from _memory(project, step)
        yield from _options(step)


def _error(message: str, location: Location | None, help: str | None, code: str = CODE) -> Diagnostic:
    span = Span("pyproject.toml", 1, 1, 1, 1) if location is None else Span(**location.model_dump())
    return Diagnostic(code, Severity.ERROR, f"Prefect: {message}", span, help)


def _project_name(project: Project) -> Iterator[Diagnostic]:
    bad = sorted({char for char in project.name if char in _BANNED_IN_KEYS + _BANNED_IN_NAMES or char.isspace()})
    if bad or not project.name:
        yield _error(
            f"the project's name {project.name!r} cannot be part of asset keys and flow names: it holds"
            f" {' '.join(map(repr, bad)) or 'nothing'}",
            None,
            "choose another name for the project",
        )


def _asset_keys(project: Project, step: Step) -> Iterator[Diagnostic]:
    for asset in step.outputs.values():
        key = asset_uri(project.name, asset)
        if len(key) > _MAX_KEY:
            yield _error(
                f"the asset key of {asset} has {len(key)} characters; at most {_MAX_KEY} are possible",
                step.location,
                "shorten the asset's name or namespace",
            )


def _memory(project: Project, step: Step) -> Iterator[Diagnostic]:
    for dependency in step.signature.dependencies:
        producer = project.assets.get(dependency.asset)
        manager = None if producer is None else project.io_managers.get(producer.storage.manager)
        if producer is None or manager is None or io_manager_class(manager.type).traits.durable:
            continue
        yield _error(
            f"{step.id} reads {producer.id}, which {producer.storage.manager} keeps in the memory of another task",
            dependency.location,
            "store it with an IO manager that other processes can read, such as filesystem",
            "FS312",
        )


def _job(project: Project, job: Job) -> Iterator[Diagnostic]:
    if isinstance(job.schedule, Cron):
        fields = len(job.schedule.expression.split())
        if fields != 5 and not job.schedule.expression.strip().startswith("@"):
            yield _error(
                f"job {job.name}: a cron expression has 5 fields, {job.schedule.expression!r} has {fields}",
                job.location,
                "leave the seconds out; a shorter distance than a minute is written Every('10s')",
            )
    for text in (text for tag in job.tags.items() for text in tag):
        if "{{" in text:
            yield _error(
                f"job {job.name}: the tag {text!r} would be read as a template by prefect deploy", job.location, None
            )
    yield from _parameter_names(project, job)


def _parameter_names(project: Project, job: Job) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for step, parameter in config_parameters(project, job.steps):
        name, place = parameter_name(step, parameter.name), f"{step}.{parameter.name}"
        if name.startswith("_"):
            yield _error(
                f"{place} would be the flow parameter {name}, and those cannot begin with an underscore",
                parameter.location,
                "rename the asset",
            )
        if isinstance(value := config_value(project, step, parameter), float) and not isfinite(value):
            yield _error(f"{place}: {value} cannot be a flow parameter's default", parameter.location, None)
        other = seen.setdefault(name, place)
        if other != place:
            yield _error(
                f"{place} and {other} would both be the flow parameter {name}", parameter.location, "rename one of them"
            )


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


_OPTIONS: Mapping[str, tuple[str, Callable[[Json], bool]]] = {
    "log_prints": ("a bool", lambda value: isinstance(value, bool)),
    "tags": ("a list of texts", _is_text_list),
    "task_run_name": ("a text with no other placeholder than {partition}", _is_run_name),
    "version": ("a text", lambda value: isinstance(value, str)),
    "viz_return_value": ("a text, number or bool", lambda value: isinstance(value, str | int | float)),
}
"""What the mapping ``prefect=`` of an asset may hold: options of Prefect's tasks for which there is no other word."""

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
"""Options of Prefect's tasks that have a keyword of ``@asset``."""


def _options(step: Step) -> Iterator[Diagnostic]:
    location = step.keywords.get("prefect", step.location)
    for name, value in step.engine_options.get("prefect", {}).items():
        if name in _OWN_WORDS:
            yield _error(f"{step.id}: the option {name!r} is not set by prefect=", location, f"use {_OWN_WORDS[name]}")
        elif name not in _OPTIONS:
            hint = did_you_mean(name, _OPTIONS) or f"there are: {', '.join(sorted(_OPTIONS))}"
            yield _error(f"{step.id}: there is no option {name!r} in prefect=", location, hint)
        elif not _OPTIONS[name][1](value):
            yield _error(
                f"{step.id}: the option {name!r} in prefect= must be {_OPTIONS[name][0]}, not {value!r}", location, None
            )
        elif name == "task_run_name" and "{" in value and step.partitions is None:
            yield _error(f"{step.id}: {value!r} names a partition, and {step.id} has none", location, None)
