"""Parameters of a generated flow: partition keys and config values."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from flowstone.dsl.partitions import (
    CronPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    Partitions,
    StaticPartitions,
    TimePartitions,
)
from flowstone.ir.function import ConfigParameter
from flowstone.ir.project import Project
from flowstone.ir.run_parameters import config_value, parameter_name
from flowstone.targets.literals import WIDTH, py
from flowstone.targets.prefect_names import Names
from flowstone.targets.prefect_types import annotation_text

MAX_CHOICES = 100
"""Static keys that a flow's signature lists; with more of them any text is taken and judged when the flow runs."""


class Parameter(Struct, frozen=True):
    """A parameter of the flow."""

    name: str
    annotation: str
    default: Any
    description: str

    @property
    def before(self) -> int:
        """Characters in front of the default."""
        return len(f"{self.name}: {self.annotation} = ")


def parameters_of(project: Project, names: Names) -> tuple[dict[str, list[str]], list[Parameter]]:
    """Aliases for long types, and the parameters."""
    aliases: dict[str, list[str]] = {}
    found = []
    for name, definition in names.partitions.items():
        annotation = _key_type(definition)
        if isinstance(definition, StaticPartitions) and len(f"    {name}: {annotation} | None = None,") > WIDTH:
            annotation = name.title().replace("_", "")
            aliases[annotation] = list(definition.values)
        found.append(Parameter(name, f"{annotation} | None", None, _key_description(definition)))
    found.extend(_config_parameter(project, step, parameter) for step, parameter in names.config)
    return aliases, found


def _key_type(definition: Partitions) -> str:
    if isinstance(definition, StaticPartitions):
        if not 1 < len(definition.values) <= MAX_CHOICES:
            return "str"
        return f"Literal[{', '.join(map(py, definition.values))}]"
    if isinstance(definition, DynamicPartitions):
        return "str"
    if isinstance(definition, MonthlyPartitions):
        return f"Annotated[str, Field(pattern={py('^[0-9]{4}-[0-9]{2}$')})]"
    if isinstance(definition, CronPartitions):
        return f"Annotated[str, Field(pattern={py('^[-0-9]{10}T[0-9]{4}$')})]"
    if isinstance(definition, HourlyPartitions):
        pattern = "^[-0-9]{10}T[0-9]{2}$" if definition.timezone == "UTC" else "^[-0-9]{10}T[-+0-9]{7}$"
        return f"Annotated[str, Field(pattern={py(pattern)})]"
    return "dt.date"


def _key_description(definition: Partitions) -> str:
    if isinstance(definition, StaticPartitions):
        return "static partition; all of them if left out"
    if isinstance(definition, DynamicPartitions):
        return f"a key of the registry {definition.name}; all of them if left out"
    assert isinstance(definition, TimePartitions)
    kind = repr(definition.cron) if isinstance(definition, CronPartitions) else definition.kind
    until = "" if definition.end is None else f", before {str(definition.end)[:10]}"
    return f"{kind} partition from {str(definition.start)[:10]}{until}"


def _config_parameter(project: Project, step: str, parameter: ConfigParameter) -> Parameter:
    name, value = parameter_name(step, parameter.name), config_value(project, step, parameter)
    annotation = annotation_text(parameter.type, value)
    if len(f"    {name}: {annotation} = None,") > WIDTH:
        annotation = "Any"
    return Parameter(name, annotation, value, f"{parameter.name} of {step}")
