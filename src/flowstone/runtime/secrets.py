"""The values that references to secrets stand for.

They are resolved in the process that needs them, at the moment it needs them, and are never written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowstone.errors import ConfigurationError
from flowstone.ir.node import Json
from flowstone.ir.reference import is_reference


def resolve(value: Json, environment: Mapping[str, str], place: str) -> Json:
    """The value with its references, at whatever depth, replaced. ``place`` names the value in messages.

    Errors: ConfigurationError if a variable is not set.
    """
    if is_reference(value):
        name = value["env"]
        if name not in environment:
            raise ConfigurationError(
                f"{place} needs the environment variable {name}, which is not set", help=f"export {name}=..."
            )
        return environment[name]
    if isinstance(value, dict):
        return {key: resolve(item, environment, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, environment, place) for item in value]
    return value
