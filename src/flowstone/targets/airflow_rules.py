"""What is refused when compiling for Airflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.mappings import AllPartitions
from flowstone.dsl.schedule import Cron
from flowstone.ir.asset import Step
from flowstone.ir.job import Job
from flowstone.ir.node import Json, Location
from flowstone.ir.project import Project
from flowstone.ir.run_parameters import config_parameters, parameter_name
from flowstone.registry import io_manager_class
from flowstone.targets.airflow_clock import RefusedError, partition_timetable
from flowstone.targets.airflow_plan import Clock, Dag, Plan, plan
from flowstone.targets.airflow_tags import tags_of

CODE = "FS801"

MAX_ID = 249
"""Characters of a DAG's or task's id."""
MAX_NAME = 1500
"""Characters of an asset's name."""
MAX_TAG = 100
MAX_DEPTH = 20
"""Nesting of an option's value: Python's parser gives up at some depth."""

_ID = re.compile(r"[A-Za-z0-9_.-]+")


def refusals(project: Project) -> Iterator[Diagnostic]:
    """One error for each thing that Airflow cannot do, at its place in the source."""
    made = plan(project)
    yield from _project_name(project)
    for dag in made.dags:
        yield from _dag(project, dag)
    yield from _edges(made)
    for job in project.jobs.values():
        yield from _parameter_names(project, job)
        yield from _reads_all(project, job)
    for step in project.steps.values():
        yield from _names(project, step)
        yield from _memory(project, step)
        yield from _options(step)


def _error(message: str, location: Location | None, help: str | None, code: str = CODE) -> Diagnostic:
    span = Span("pyproject.toml", 1, 1, 1, 1) if location is None else Span(**location.model_dump())
    return Diagnostic(code, Severity.ERROR, f"Airflow: {message}", span, help)


def _project_name(project: Project) -> Iterator[Diagnostic]:
    if not _ID.fullmatch(project.name):
        yield _error(
            f"the project's name {project.name!r} cannot be part of the id of a DAG",
            None,
            "choose a name of letters, digits, '_', '-' and '.'",
        )


def _dag(project: Project, dag: Dag) -> Iterator[Diagnostic]:
    location = dag.job.location or project.steps[dag.group.steps[0]].location
    if not _ID.fullmatch(dag.job.name) or len(dag.id) > MAX_ID:
        yield _error(
            f"{dag.id!r} cannot be the id of a DAG",
            location,
            f"use letters, digits, '_', '-' and '.', up to {MAX_ID} characters",
        )
    for tag in tags_of(dag.job.tags):
        if len(tag) > MAX_TAG:
            yield _error(f"the tag {tag[:40]!r}... is too long", location, f"use up to {MAX_TAG} characters")
    if isinstance(dag.trigger, Clock) and dag.group.partitions is not None:
        try:
            partition_timetable(dag.trigger.schedule, dag.group.partitions)
        except RefusedError as error:
            yield _error(
                f"the schedule of job {dag.job.name} cannot start {', '.join(dag.group.steps[:3])}: {error}",
                location,
                "choose another schedule, or put these assets into a job of their own",
            )
    elif isinstance(dag.trigger, Clock) and isinstance(dag.trigger.schedule, Cron):
        yield from _fields(dag, location)


def _fields(dag: Dag, location: Location) -> Iterator[Diagnostic]:
    assert isinstance(dag.trigger, Clock)
    assert isinstance(dag.trigger.schedule, Cron)
    expression = dag.trigger.schedule.expression
    if len(expression.split()) != 5 and not expression.strip().startswith("@"):
        yield _error(
            f"job {dag.job.name}: a cron expression has 5 fields, not {expression!r}",
            location,
            "leave the seconds out; a shorter distance than a minute is written Every('10s')",
        )


def _edges(made: Plan) -> Iterator[Diagnostic]:
    for dependency, reason in made.refused:
        yield _error(
            f"{dependency.asset} cannot start what reads it here: {reason}",
            dependency.location,
            "put an asset with daily partitions between them",
        )


def _reads_all(project: Project, job: Job) -> Iterator[Diagnostic]:
    for step in job.steps:
        if project.steps[step].partitions is None:
            continue
        for need in project.steps[step].signature.dependencies:
            made_here = need.asset in project.assets and project.assets[need.asset].step in job.steps
            if made_here and isinstance(need.mapping, AllPartitions):
                yield _error(
                    f"each run makes one partition of {step}, which reads all of {need.asset}, made by the same job",
                    need.location,
                    "put the two into different jobs",
                )


def _parameter_names(project: Project, job: Job) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for step, parameter in config_parameters(project, job.steps):
        name, place = parameter_name(step, parameter.name), f"{step}.{parameter.name}"
        other = seen.setdefault(name, place)
        if other != place:
            yield _error(
                f"{place} and {other} would both be the DAG param {name}", parameter.location, "rename one of them"
            )


def _names(project: Project, step: Step) -> Iterator[Diagnostic]:
    if len(step.id) > MAX_ID:
        yield _error(f"{step.id[:40]!r}... cannot be the id of a task", step.location, f"use up to {MAX_ID} characters")
    for asset in step.outputs.values():
        if _depth(project.assets[asset].meta) > MAX_DEPTH:
            yield _error(f"meta of {asset} is nested too deep", step.keywords.get("meta", step.location), None)
        if len(f"{project.name}.{asset}") > MAX_NAME:
            yield _error(
                f"{asset[:40]!r}... cannot be the name of an asset", step.location, f"use up to {MAX_NAME} characters"
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


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_mapping(value: Json) -> bool:
    return isinstance(value, dict) and _depth(value) <= MAX_DEPTH


OPTIONS: Mapping[str, tuple[str, Callable[[Json], bool]]] = {
    "executor": ("a text", _is_text),
    "executor_config": (f"a mapping, nested up to {MAX_DEPTH} deep", _is_mapping),
    "max_active_tis_per_dag": ("a whole number from 1", _is_count),
    "pool": ("a text", _is_text),
    "pool_slots": ("a whole number from 1", _is_count),
    "priority_weight": ("a whole number", _is_number),
    "queue": ("a text", _is_text),
    "run_as_user": ("a text", _is_text),
    "task_display_name": ("a text", _is_text),
    "weight_rule": (
        "'downstream', 'upstream' or 'absolute'",
        lambda value: value in ("downstream", "upstream", "absolute"),
    ),
}
"""What the mapping ``airflow=`` of an asset may hold: options of operators for which there is no other word."""

_OWN_WORDS = {
    "depends_on_past": "Offset(-1) on the asset itself",
    "doc_md": "description=",
    "execution_timeout": "timeout=",
    "inlets": "depends_on=",
    "outlets": "outputs=",
    "owner": "owners=",
    "retries": "retries=",
    "retry_delay": "retries=Retry(...)",
    "retry_exponential_backoff": "retries=Retry(...)",
    "task_id": "name=",
}
"""Options of operators that have a keyword of ``@asset``."""


def _options(step: Step) -> Iterator[Diagnostic]:
    location = step.keywords.get("airflow", step.location)
    for name, value in step.engine_options.get("airflow", {}).items():
        if name in _OWN_WORDS:
            yield _error(f"{step.id}: the option {name!r} is not set by airflow=", location, f"use {_OWN_WORDS[name]}")
        elif name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS) or f"there are: {', '.join(sorted(OPTIONS))}"
            yield _error(f"{step.id}: there is no option {name!r} in airflow=", location, hint)
        elif not OPTIONS[name][1](value):
            shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
            yield _error(
                f"{step.id}: the option {name!r} in airflow= must be {OPTIONS[name][0]}, not {shown}", location, None
            )


def _depth(value: Json) -> int:
    """How deep a value is nested; without recursion, since it may be deep."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            item
            for outer in level
            for item in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list | tuple) else ()
            )
        ]
    return depth
