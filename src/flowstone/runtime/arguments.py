"""Config values as arguments of user functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from flowstone.ir.config_types import adapter
from flowstone.ir.function import ConfigParameter, Signature
from flowstone.ir.node import Json
from flowstone.runtime.parameters import argument, demand_declared
from flowstone.runtime.workspace import Workspace


def config_arguments(
    workspace: Workspace, owner: str, signature: Signature, values: Mapping[str, Json]
) -> dict[str, Any]:
    """Arguments for the config parameters that have a configured value; for others the function's default holds.

    Errors: ConfigurationError for a value of the wrong type, or one for a parameter that there is not.
    """
    if not values and not signature.config:
        return {}
    parameters = {item.name: item for item in signature.config}
    demand_declared(owner, parameters, values)
    arguments = {name: converted for name, item in parameters.items() if (converted := _default(item)) is not _AS_IT_IS}
    for name, value in values.items():
        arguments[name] = argument(parameters[name], value, workspace.secrets, f"{owner}.{name}")
    return arguments


_AS_IT_IS = object()


def _default(parameter: ConfigParameter) -> Any:
    """A default that stands for another type: a text for a date, say. Declarations hold JSON values only."""
    if not isinstance(parameter.default, str) or parameter.type is None or parameter.type.name == "str":
        return _AS_IT_IS
    try:
        converted = adapter(parameter.type).validate_python(parameter.default)
    except ValidationError:
        return _AS_IT_IS
    return _AS_IT_IS if isinstance(converted, str) else converted
