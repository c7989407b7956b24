"""Config values as arguments of user functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError
from flowstone.ir.function import Signature
from flowstone.ir.node import Json
from flowstone.runtime.parameters import argument
from flowstone.runtime.workspace import Workspace


def config_arguments(
    workspace: Workspace, owner: str, signature: Signature, values: Mapping[str, Json]
) -> dict[str, Any]:
    """Arguments for the config parameters that have a configured value; for others the function's default holds.

    Errors: ConfigurationError for a value of the wrong type, or one for a parameter that there is not.
    """
    if not values:
        return {}
    parameters = {item.name: item for item in signature.config}
    for name in values:
        if name not in parameters:
            raise ConfigurationError(f"{owner} has no config parameter {name!r}", help=did_you_mean(name, parameters))
    return {
        name: argument(parameters[name], value, workspace.environment, f"{owner}.{name}")
        for name, value in values.items()
    }
