"""What is refused when compiling for Airflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.dsl.schedule import Cron
from flowstone.ir.asset import Step
from flowstone.ir.job import Job
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.targets.airflow_clock import RefusedError, partition_timetable
from flowstone.targets.airflow_dags import Dag, Plan
from flowstone.targets.airflow_plan import plan
from flowstone.targets.airflow_sensors import sensor_dag_id
from flowstone.targets.constructs import reads_other_runs
from flowstone.targets.refusals import Option, Refusals
from flowstone.targets.tags import tag_texts

MAX_ID = 249
"""Characters of a DAG's or task's id."""
MAX_NAME = 1500
"""Characters of an asset's name."""
MAX_TAG = 100
MAX_DEPTH = 20
"""Nesting of an option's value: Python's parser gives up at some depth."""

_ID = re.compile(r"[A-Za-z0-9_.-]+")


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


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_length(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9


def _is_mapping(value: Json) -> bool:
    return isinstance(value, dict) and _depth(value) <= MAX_DEPTH


OPTIONS: Mapping[str, Option] = {
    "executor": ("a text", _is_text),
    "executor_config": (f"a mapping, nested up to {MAX_DEPTH} deep", _is_mapping),
    "max_active_tis_per_dag": ("a whole number from 1", _is_count),
    "poke_interval": ("a number of seconds above 0", _is_length),
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

_AIRFLOW = Refusals("Airflow", "airflow", "DAG param", OPTIONS, _OWN_WORDS)


def refusals(project: Project) -> Iterator[Diagnostic]:
    """One error for each thing that Airflow cannot do, at its place in the source."""
    made = plan(project)
    yield from _project_name(project)
    for dag in made.dags:
        yield from _dag(project, dag)
    yield from _edges(made)
    yield from _AIRFLOW.sensors(project)
    yield from _sensors(project)
    for job in project.jobs.values():
        yield from _AIRFLOW.parameter_names(project, job)
        yield from _AIRFLOW.later_partitions(project, job)
        yield from _reads_all(project, job)
    for step in project.steps.values():
        yield from _names(project, step)
        yield from _AIRFLOW.memory(project, step)
        yield from _AIRFLOW.secrets(project, step)
        yield from _AIRFLOW.step_options(step)
        yield from _two_pools(step)
        yield from _looks_for_nothing(step)


def _project_name(project: Project) -> Iterator[Diagnostic]:
    if not _ID.fullmatch(project.name):
        yield _AIRFLOW.error(
            f"the project's name {project.name!r} cannot be part of the id of a DAG",
            None,
            "choose a name of letters, digits, '_', '-' and '.'",
        )


def _sensors(project: Project) -> Iterator[Diagnostic]:
    for sensor in project.sensors.values():
        name = sensor_dag_id(project, sensor)
        if sensor.job in project.jobs and len(name) > MAX_ID:
            yield _AIRFLOW.error(
                f"{name!r} cannot be the id of a DAG", sensor.location, f"use up to {MAX_ID} characters in all"
            )


def _dag(project: Project, dag: Dag) -> Iterator[Diagnostic]:
    location = dag.job.location or project.steps[dag.group.steps[0]].location
    longest = dag.id if dag.keys is None else dag.keys.id
    if not _ID.fullmatch(dag.job.name) or len(longest) > MAX_ID:
        yield _AIRFLOW.error(
            f"{longest!r} cannot be the id of a DAG",
            location,
            f"use letters, digits, '_', '-' and '.', up to {MAX_ID} characters",
        )
    for tag in tag_texts(dag.job.tags):
        if len(tag) > MAX_TAG:
            yield _AIRFLOW.error(f"the tag {tag[:40]!r}... is too long", location, f"use up to {MAX_TAG} characters")
    partitions = dag.group.partitions if dag.keys is None else dag.keys.partitions
    if dag.clock is not None and partitions is not None:
        try:
            partition_timetable(dag.clock.schedule, partitions)
        except RefusedError as error:
            yield _AIRFLOW.error(
                f"the schedule of job {dag.job.name} cannot start {', '.join(dag.group.steps[:3])}: {error}",
                location,
                "choose another schedule, or put these assets into a job of their own",
            )
    elif dag.clock is not None and isinstance(dag.clock.schedule, Cron):
        yield from _AIRFLOW.cron(dag.job.name, dag.clock.schedule.expression, location)


def _edges(made: Plan) -> Iterator[Diagnostic]:
    for item in made.refused:
        message = f"{item.dependency.asset} cannot start what reads it here: {item.reason}"
        yield _AIRFLOW.error(message, item.dependency.location, item.help)


def _reads_all(project: Project, job: Job) -> Iterator[Diagnostic]:
    for step in job.steps:
        if project.steps[step].partitions is None:
            continue
        for need in project.steps[step].signature.dependencies:
            made_here = need.asset in project.assets and project.assets[need.asset].step in job.steps
            if made_here and reads_other_runs(
                project.assets[need.asset].partitions, project.steps[step].partitions, need.mapping
            ):
                yield _AIRFLOW.error(
                    f"each run makes one partition of {step}, which reads all of {need.asset}, made by the same job",
                    need.location,
                    "put the two into different jobs",
                )


def _two_pools(step: Step) -> Iterator[Diagnostic]:
    """A task is in one pool only."""
    if step.concurrency is not None and "pool" in step.engine_options.get("airflow", {}):
        yield _AIRFLOW.error(
            f"{step.id}: the limit {step.concurrency!r} is a pool, and airflow= names another",
            step.keywords.get("airflow", step.location),
            "leave one of them out",
        )


def _looks_for_nothing(step: Step) -> Iterator[Diagnostic]:
    """Only what waits for a signal looks again and again."""
    if step.gate is None and "poke_interval" in step.engine_options.get("airflow", {}):
        yield _AIRFLOW.error(
            f"{step.id}: the option 'poke_interval' is for assets that wait for a signal",
            step.keywords.get("airflow", step.location),
            "leave it out",
        )


def _names(project: Project, step: Step) -> Iterator[Diagnostic]:
    if len(step.id) > MAX_ID:
        yield _AIRFLOW.error(
            f"{step.id[:40]!r}... cannot be the id of a task", step.location, f"use up to {MAX_ID} characters"
        )
    for asset in step.outputs.values():
        if _depth(project.assets[asset].meta) > MAX_DEPTH:
            yield _AIRFLOW.error(f"meta of {asset} is nested too deep", step.keywords.get("meta", step.location), None)
        if len(f"{project.name}.{asset}") > MAX_NAME:
            yield _AIRFLOW.error(
                f"{asset[:40]!r}... cannot be the name of an asset", step.location, f"use up to {MAX_NAME} characters"
            )
