"""Environment variables that replace what the manifest says, in the process that runs the assets."""

from __future__ import annotations

from collections.abc import Mapping

from flowstone.config.environment import IO_MANAGERS, PARAMS, io_manager_overrides, param_overrides
from flowstone.ir.function import ConfigParameter
from flowstone.ir.node import Json
from flowstone.ir.project import IoManagerConfig, Project


def apply_environment(project: Project, environment: Mapping[str, str]) -> Project:
    """The project with values of ``FLOWSTONE_IO_MANAGERS__NAME__OPTION`` and ``FLOWSTONE_PARAMS__OWNER__PARAMETER``.

    Variables that name nothing in this project are left alone: a worker serves several.
    Errors: ConfigurationError for a variable that cannot be understood.
    """
    if not any(name.upper().startswith((IO_MANAGERS, PARAMS)) for name in environment):
        return project
    return project.model_copy(
        update={"io_managers": _managers(project, environment), "params": _params(project, environment)}
    )


def _managers(project: Project, environment: Mapping[str, str]) -> dict[str, IoManagerConfig]:
    tables = {name: {**config.options, "type": config.type} for name, config in project.io_managers.items()}
    for override in io_manager_overrides(environment, {name: dict(table) for name, table in tables.items()}):
        name, option = override.path
        if name in tables:
            tables[name][option] = override.value
    return {name: IoManagerConfig(type=table.pop("type"), options=table) for name, table in tables.items()}


def _params(project: Project, environment: Mapping[str, str]) -> dict[str, dict[str, Json]]:
    declared = declared_parameters(project)
    values = {owner: dict(given) for owner, given in project.params.items()}
    known = {
        owner: values.get(owner, {})
        | {item.name: item.default for item in parameters.values() if item.default is not None}
        for owner, parameters in declared.items()
    }
    for override in param_overrides(environment, known):
        owner, parameter = override.path
        if owner in declared:
            values.setdefault(owner, {})[parameter] = override.value
    return values


def declared_parameters(project: Project) -> dict[str, dict[str, ConfigParameter]]:
    """The config parameters that there are, by the step, check, resource or sensor that has them, then by name."""
    owners = [(step.id, step.signature) for step in project.steps.values()]
    owners += [(resource.name, resource.signature) for resource in project.resources.values()]
    owners += [(sensor.name, sensor.signature) for sensor in project.sensors.values()]
    owners += [(check.name, check.signature) for check in project.checks]
    found: dict[str, dict[str, ConfigParameter]] = {}
    for name, signature in owners:
        found.setdefault(name, {}).update((parameter.name, parameter) for parameter in signature.config)
    return found
