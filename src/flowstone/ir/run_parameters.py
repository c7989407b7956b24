"""What a run of a job takes on an engine: a key for each partition definition, and config values of its steps."""

from __future__ import annotations

from collections.abc import Sequence

from flowstone.dsl.partitions import SinglePartitions
from flowstone.ir.function import ConfigParameter
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.reference import is_reference
from flowstone.ir.run_keys import axes_of


def partition_parameters(project: Project, steps: Sequence[str]) -> dict[str, SinglePartitions]:
    """The partition definitions of the steps by the name of their run parameter: the kind, then ``daily_2`` ...

    Partitions of many dimensions have one parameter for each of these.
    """
    found: dict[str, SinglePartitions] = {}
    counts: dict[str, int] = {}
    for definition in axes_of(project, steps):
        count = counts[definition.kind] = counts.get(definition.kind, 0) + 1
        found[definition.kind if count == 1 else f"{definition.kind}_{count}"] = definition
    return found


def config_parameters(project: Project, steps: Sequence[str]) -> tuple[tuple[str, ConfigParameter], ...]:
    """The config parameters of the steps, each with its step, in order; those that hold a secret are left out."""
    return tuple(
        (step, parameter)
        for step in steps
        for parameter in project.steps[step].signature.config
        if not is_reference(config_value(project, step, parameter))
    )


def config_value(project: Project, step: str, parameter: ConfigParameter) -> Json:
    """The configured value of a config parameter, else its default."""
    return project.params.get(step, {}).get(parameter.name, parameter.default)


def parameter_name(step: str, parameter: str) -> str:
    """Name of the run parameter for a config parameter: ``report__title``, ``sales__report__title``."""
    return f"{step.replace('.', '__')}__{parameter}"
