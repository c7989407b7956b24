"""Values of config parameters: validated and converted by the annotation as far as it names types of Python itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError
from flowstone.ir.config_types import adapter
from flowstone.ir.function import ConfigParameter
from flowstone.ir.node import Json
from flowstone.ir.reference import is_reference
from flowstone.runtime.secrets import Secrets


def coerce(parameter: ConfigParameter, value: Json, place: str) -> Any:
    """The value that the function receives. ``place`` names the parameter in messages.

    Errors: ConfigurationError if the value is not of the annotated type.
    """
    try:
        return adapter(parameter.type).validate_python(value)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise ConfigurationError(f"{place} takes {parameter.type}: {reason}") from None


def from_text(parameter: ConfigParameter, text: str, place: str) -> Json:
    """The JSON value of a text that was given on a command line: JSON if that has the right type, else the text.

    Errors: ConfigurationError if neither is of the annotated type.
    """
    candidates: list[Json] = []
    with suppress(ValueError):
        candidates.append(json.loads(text))
    candidates.append(text)
    if parameter.type is not None and parameter.type.name == "str":
        candidates.reverse()
    for candidate in candidates[:-1]:
        try:
            adapter(parameter.type).validate_python(candidate)
        except ValidationError:
            continue
        return candidate
    coerce(parameter, candidates[0], place)
    return candidates[-1]


def to_text(parameter: ConfigParameter | None, value: Json) -> str:
    """The text of which ``from_text`` makes the value; of a parameter that there is no more its JSON."""
    is_text = parameter is not None and parameter.type is not None and parameter.type.name == "str"
    return value if is_text and isinstance(value, str) else json.dumps(value)


def demand_declared(owner: str, parameters: Collection[str], names: Iterable[str]) -> None:
    """Errors: ConfigurationError for a configured parameter that there is not."""
    for name in names:
        if name not in parameters:
            raise ConfigurationError(f"{owner} has no config parameter {name!r}", help=did_you_mean(name, parameters))


def argument(parameter: ConfigParameter, value: Json, secrets: Secrets, place: str) -> Any:
    """What a function receives for a configured value, which may be a reference to a secret."""
    return coerce(parameter, secrets.resolve(value, place) if is_reference(value) else value, place)


def canonical(parameter: ConfigParameter, value: Json, place: str) -> Json:
    """The one JSON form of equal values, such as ``"5"`` and ``5`` for an int. References stay as they are."""
    if is_reference(value):
        return value
    return adapter(parameter.type).dump_python(coerce(parameter, value, place), mode="json", warnings=False)


def is_default(parameter: ConfigParameter, value: Json, default: Json) -> bool:
    """Whether the value of a run is the compiled one, which engines hand over as the annotation says: 1 as 1.0."""
    if type(value) is type(default) and value == default:
        return True
    try:
        given, compiled = (canonical(parameter, item, parameter.name) for item in (value, default))
    except ConfigurationError:
        return False
    return type(given) is type(compiled) and bool(given == compiled)
