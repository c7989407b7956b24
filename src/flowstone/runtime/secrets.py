"""The values that references to secrets stand for.

They are resolved in the process that needs them, at the moment it needs them, and are never written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from flowstone.errors import ConfigurationError
from flowstone.ir.node import Json
from flowstone.ir.reference import ENGINES, is_reference, references
from flowstone.runtime.lookups import look_up

LONGEST_FILE = 1 << 20
"""Bytes of the largest file that is taken for a secret."""


class Secrets:
    """Where one process finds secrets: its environment, files, and the engine that runs it."""

    def __init__(self, environment: Mapping[str, str], given: Mapping[str, str] | None = None) -> None:
        self.environment = environment
        self.found = dict(given or {})
        """Those of the engine, by kind and name: looked up once, or given by the process that could look them up."""

    def resolve(self, value: Json, place: str) -> Json:
        """The value with its references, at whatever depth, replaced. ``place`` names the value in messages.

        Errors: ConfigurationError if a variable is not set, a file cannot be read, or the engine lacks the secret.
        """
        if is_reference(value):
            ((kind, name),) = value.items()
            return self._get(kind, name, place)
        if isinstance(value, dict):
            return {key: self.resolve(item, f"{place}.{key}") for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(item, place) for item in value]
        return value

    def all_of(self, values: Json) -> Iterator[str]:
        """The secrets that can be had of those that values refer to."""
        for kind, name in references(values):
            with suppress(ConfigurationError):  # what cannot be had cannot be told
                yield self._get(kind, name, "")

    def of_engine(self, values: Json) -> dict[str, str]:
        """The secrets that only a task of the engine can look up, for a process that this task starts."""
        for kind, name in references(values):
            if kind in ENGINES:
                with suppress(ConfigurationError):  # whoever needs it says so
                    self._get(kind, name, "")
        return self.found

    def _get(self, kind: str, name: str, place: str) -> str:
        if kind == "env":
            return _variable(name, self.environment, place)
        if kind == "file":
            return _from_file(name, place)
        key = f"{kind}:{name}"
        if key not in self.found:
            self.found[key] = look_up(kind, name, place)
        return self.found[key]


def _variable(name: str, environment: Mapping[str, str], place: str) -> str:
    if name not in environment:
        raise ConfigurationError(
            f"{place} needs the environment variable {name}, which is not set", help=f"export {name}=..."
        )
    return environment[name]


def _from_file(path: str, place: str) -> str:
    """The text of a file, without the line break that editors put at its end. Errors: ConfigurationError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE:
            raise ConfigurationError(f"{place} needs the file {path}, which is too large for a secret")
        text = data.decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigurationError(
            f"{place} needs the file {path}, which cannot be read: {reason}", help="mount the secret there"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")
