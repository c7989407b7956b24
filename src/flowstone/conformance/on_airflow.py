"""Run compiled DAGs on Airflow: ``python -m flowstone.conformance.on_airflow REQUEST.json``.

The request is ``{"output": FOLDER, "jobs": [...], "partitions": [...]}``. DAGs that a clock or a person would start are
triggered once for each key; asset events start the rest; DAGs of other jobs are paused. The last line of the output is
the result as JSON, ``{"tasks": [[dag, task, partition, state], ...], "errors": [...]}``; the exit code is 0 if
everything succeeded and every step was run for the keys that the request gives it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowstone.conformance.airflow_home import airflow_environment, make_database
from flowstone.dsl.partitions import MultiPartitions, Partitions
from flowstone.ir.manifest import FILE_NAME, read_manifest
from flowstone.ir.project import Project
from flowstone.ir.run_keys import Keys, axes_of, definitions, fill_keys, keys_of
from flowstone.runtime.dimensions import keys_within
from flowstone.runtime.registry import read_registries
from flowstone.runtime.workspace import Workspace
from flowstone.targets.airflow_dags import Dag
from flowstone.targets.airflow_plan import plan

if TYPE_CHECKING:
    from flowstone.conformance.airflow_world import TaskState, World


def main(request: Path) -> int:
    """Run what the request asks for; the exit code."""
    asked = json.loads(request.read_text(encoding="utf-8"))
    output = Path(asked["output"])
    with tempfile.TemporaryDirectory(prefix="flowstone-airflow-") as home:
        os.environ.update(airflow_environment(Path(home)))
        make_database()
        from flowstone.conformance.airflow_world import World

        project = read_manifest(output / FILE_NAME).project
        wanted = [dag for dag in plan(project).dags if dag.job.name in asked["jobs"]]
        world = World(output, only={name for dag in wanted for name in (dag.id, dag.keys and dag.keys.id) if name})
        workspace = Workspace.open(output / FILE_NAME)
        errors = run_jobs(world, workspace, asked["jobs"], asked["partitions"])
        tasks = [[task.dag, task.task, task.partition, task.state] for task in world.tasks()]
    print(json.dumps({"tasks": tasks, "errors": errors}))  # noqa: T201 - the result
    return 1 if errors else 0


def run_jobs(world: World, workspace: Workspace, jobs: Sequence[str], partitions: Sequence[str]) -> list[str]:
    """Run the jobs, one after the other, for the keys; what went wrong."""
    project = workspace.compiled
    dags = [dag for dag in plan(project).dags if dag.job.name in jobs]
    errors: list[str] = []
    for job in jobs:
        mine = [dag for dag in dags if dag.job.name == job]
        first = list(_started_first(project, mine, jobs))
        for partitioned in (False, True):  # what is partitioned reads what is not, which may add to registries
            known = read_registries(workspace, project)
            keys = _keys(known, job, partitions)
            for dag in first:
                if (dag.group.partitions is not None) is partitioned:
                    step = known.steps[dag.group.steps[0]]
                    for name, text in _runs(dag, step.partitions, keys[step.id]):
                        world.trigger(name, text)
            world.run()
        errors += _missing(world.tasks(), mine, keys, project.routes)
    return [*world.errors, *_failed(world.tasks()), *errors]


def _keys(project: Project, job: str, partitions: Sequence[str]) -> dict[str, Keys]:
    """The keys of each step of a job."""
    steps = project.jobs[job].steps
    wanted = (*axes_of(project, steps), *definitions(project, steps))
    explicit = {definition: keys_of(definition, partitions) for definition in wanted}
    return fill_keys(project, steps, explicit)


def _runs(dag: Dag, partitions: Partitions | None, keys: Keys) -> Iterator[tuple[str, str | None]]:
    """The runs that make the keys: DAG and key. A DAG that tells keys is run for what it tells as a whole."""
    left = {None if key is None else key.text: None for key in keys}
    if dag.keys is not None and partitions is not None:
        for text in _starts(partitions, keys):
            told = keys_within(partitions, text)
            if left.keys() >= set(told):
                left = {key: None for key in left if key not in told}
                yield dag.keys.id, text
    yield from ((dag.id, text) for text in left)


def _starts(partitions: Partitions, keys: Keys) -> dict[str | None, None]:
    """The keys of runs that tell others: of the only dimension with periods, or none."""
    times = list(partitions.times) if isinstance(partitions, MultiPartitions) else []
    if not times:
        return {None: None}
    return dict.fromkeys(key.dimensions[times[0]].text for key in keys if key is not None)


def _started_first(project: Project, dags: Sequence[Dag], jobs: Sequence[str]) -> Iterator[Dag]:
    """DAGs that nothing else in these jobs starts."""
    inside = {step for job in jobs for step in project.jobs[job].steps}
    for dag in dags:
        assets = {source.split("/")[0] for source in dag.sources if source.count("/") < 2}
        if not any(project.assets[asset].step in inside for asset in assets):
            yield dag


def _failed(tasks: Sequence[TaskState]) -> Iterator[str]:
    for task in tasks:
        if task.state not in ("success", "skipped"):
            yield f"{task.dag}.{task.task}[{task.partition}] is {task.state}"


def _missing(
    tasks: Sequence[TaskState], dags: Sequence[Dag], keys: dict[str, Keys], routed: Collection[str]
) -> Iterator[str]:
    """Steps that should have been run for a key and were not."""
    done = {(task.task, task.partition) for task in tasks if task.state == "success"}
    anyhow = {task for task, _ in done}
    for dag in dags:
        for step in dag.group.steps:
            if step in routed:
                continue  # a route may leave it out
            for key in keys[step]:
                if step not in anyhow if key is None else (step, key.text) not in done:
                    yield f"{dag.id}.{step}[{key}] was not run"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
