"""Sensors of Airflow: a DAG of their own each, and the DAGs that they start."""

from __future__ import annotations

from collections.abc import Sequence

from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.targets.airflow_dags import Dag, Events

Starts = dict[str, list[str]]
"""Ids of DAGs with the steps that they make."""


def sensor_dag_id(project: Project, sensor: Sensor) -> str:
    """The id of the DAG that looks."""
    return f"{project.name}__{sensor.job}__sensor__{sensor.name}"


def cursor_name(project: Project, sensor: Sensor) -> str:
    """The variable that holds the cursor."""
    return f"{project.name}__sensor__{sensor.name}__cursor"


def started_by_sensors(project: Project, dags: Sequence[Dag]) -> tuple[Starts, Starts]:
    """Of the DAGs of a job those that a sensor starts, and those with partitions that follow others."""
    starts: Starts = {}
    follows: Starts = {}
    for dag in dags:
        if not _follows(project, dag):
            starts[dag.id] = list(dag.group.steps)
        elif dag.group.partitions is not None:
            follows[dag.id] = list(dag.group.steps)
    return starts, follows


def _follows(project: Project, dag: Dag) -> bool:
    """Whether what another DAG of the same job makes starts runs."""
    trigger = dag.trigger if dag.keys is None else dag.keys.trigger
    if not isinstance(trigger, Events):
        return False
    assets = (project.assets.get(source.split("/")[0]) for source in trigger.mappers)
    return any(asset is not None and asset.step in dag.job.steps for asset in assets)
