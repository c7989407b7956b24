"""Finding and reading the configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.config.toml_lines import KeyLines
from flowstone.errors import ConfigurationError
from flowstone.patterns import pattern

FLOWSTONE_TOML = "flowstone.toml"
PYPROJECT = "pyproject.toml"

_PLACE = pattern(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_FIRST_LINES = """write one of these into the project's folder (the name of the folder is yours):
  pyproject.toml                 flowstone.toml
    [tool.flowstone]               sources = ["pipelines"]
    sources = ["pipelines"]"""


class ConfigFile(Struct, frozen=True):
    """The table of FlowStone in one file."""

    path: Path
    table: dict[str, Any]
    prefix: tuple[str, ...]
    """Path of the table in the file: ``("tool", "flowstone")`` or nothing."""
    project_name: str | None
    """The name in ``[project]``."""
    lines: KeyLines

    def place(self, *path: str) -> str:
        """``pyproject.toml:12`` for a key of the table."""
        line = self.lines.find((*self.prefix, *path))
        return self.path.name if line is None else f"{self.path.name}:{line}"


def find_config(start: Path) -> ConfigFile:
    """The configuration of the nearest folder that has one, from ``start`` upwards.

    Errors: ConfigurationError if there is none, if two files of a folder have one, or if one cannot be read.
    """
    try:
        folder = start.resolve()
    except FileNotFoundError:
        raise ConfigurationError("the current folder is gone", help="change to one that exists") from None
    for candidate in (folder, *folder.parents):
        found = [file for file in map(_read, (candidate / FLOWSTONE_TOML, candidate / PYPROJECT)) if file is not None]
        if len(found) > 1:
            raise ConfigurationError(
                f"{candidate} has two configurations: {FLOWSTONE_TOML} and [tool.flowstone] in {PYPROJECT}",
                help="keep one of them",
            )
        if found:
            return found[0]
    raise ConfigurationError(f"there is no configuration in {folder} or above it", help=_FIRST_LINES)


def _read(path: Path) -> ConfigFile | None:
    try:
        if not path.is_file():
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 (byte {error.start})") from None
    if path.name == FLOWSTONE_TOML:
        return ConfigFile(path, _parse(path, text), (), None, KeyLines(text))
    if "flowstone" not in text:
        return None
    return _in_pyproject(path, _parse(path, text), text)


def _in_pyproject(path: Path, document: dict[str, Any], text: str) -> ConfigFile | None:
    tool, project = document.get("tool"), document.get("project")
    table = tool.get("flowstone") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: tool.flowstone must be a table")
    name = project.get("name") if isinstance(project, dict) else None
    return ConfigFile(path, table, ("tool", "flowstone"), name if isinstance(name, str) else None, KeyLines(text))


def _parse(path: Path, text: str) -> dict[str, Any]:
    # Here and not above: workers import this package for its rules on variables and read no file.
    import tomllib

    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise ConfigurationError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise ConfigurationError(_syntax_error(path, text, str(error))) from None


def _syntax_error(path: Path, text: str, message: str) -> str:
    lines = text.splitlines() or [""]
    match = _PLACE.search(message)
    if match is None:
        return f"{path}: {message}"
    reason = message[: match.start()]
    if match[1] is None:
        return f"{path}:{len(lines)}:{len(lines[-1]) + 1}: {reason}, at the end of the file\n    {lines[-1]}"
    line, column = int(match[1]), int(match[2])
    source = lines[line - 1] if line <= len(lines) else ""
    return f"{path}:{line}:{column}: {reason}\n    {source}\n    {' ' * (column - 1)}^"
