"""Names in generated Prefect files."""

from __future__ import annotations

import builtins
import keyword
import re

from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.run_parameters import config_parameters, parameter_name, partition_parameters

_IMPORTED = (
    "Annotated",
    "Any",
    "Asset",
    "AssetProperties",
    "FLOW",
    "Field",
    "Literal",
    "PrefectJob",
    "TASK",
    "dt",
    "look_for_runs",
)
_OWN_NAMES = frozenset(
    (
        *_IMPORTED,
        "JOB",
        "config",
        "flow",
        "look_for_runs",
        "materialize",
        "partition",
        "retry_on",
        "run",
        "task_runner",
        *dir(builtins),
    )
)
"""Names that generated files use themselves."""


class Names:
    """The names of a generated file: one for the flow, one for each task and each sensor."""

    def __init__(self, project: Project, job: Job) -> None:
        self.partitions = partition_parameters(project, job.steps)
        self.config = config_parameters(project, job.steps)
        taken = {*_OWN_NAMES, *self.partitions, *(parameter_name(step, item.name) for step, item in self.config)}
        self.flow = _free_name(job.name, taken)
        self.tasks = {step: _free_name(step, taken) for step in job.steps}
        sensors = project.sensors_of.get(job.name, ())
        self.sensors = {sensor.name: _free_name(sensor.name, taken) for sensor in sensors}


def _free_name(text: str, taken: set[str]) -> str:
    """A Python name close to the text that is not taken yet; from now on it is."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    while name in taken or keyword.iskeyword(name):
        name += "_"
    taken.add(name)
    return name
