"""The keys of the configuration, and what each accepts. The reference page is made from this table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from flowstone.config.model import EXECUTORS

UNSUPPORTED_SECRETS = ("airflow_connection", "prefect_secret")
"""Forms of secret references that the language has and this version does not."""

TABLES = ("io_managers", "params", "profiles")
"""Tables whose keys are the user's names."""

IO_MANAGER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")

_CODE = re.compile(r"FS[0-9]{0,3}\Z")


@dataclass(frozen=True)
class Key:
    """One key of the configuration."""

    description: str
    expected: str
    """What it accepts, in words: ``must be <expected>``."""
    accepts: Callable[[Any], bool]
    is_text: bool = False
    """Whether a variable's text is the value; otherwise it is read as JSON."""

    def from_text(self, text: str) -> Any:
        """The value that a variable or an option stands for. A list may also be written with commas."""
        if self.is_text:
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return [part.strip() for part in text.split(",") if part.strip()]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_inside(value: Any) -> bool:
    return _is_text(value) and not value.startswith(("/", "~")) and ".." not in PurePosixPath(value).parts


def _is_list(item: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(item, value))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and _CODE.match(value) is not None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _text(description: str) -> Key:
    return Key(description, "a text that is not empty", _is_text, is_text=True)


def _folders(description: str) -> Key:
    return Key(description, "a list of paths inside the project's folder", _is_list(_is_inside))


def _codes(description: str) -> Key:
    return Key(description, "a list of codes or their beginnings, such as FS301 or FS3", _is_list(_is_code))


def _output(target: str) -> Key:
    return _text(f"Folder of the files that `flowstone compile --target {target}` writes.")


KEYS: Mapping[str, Key] = {
    "name": _text("Name of the project."),
    "sources": Key(
        "Files and folders that hold declarations.",
        "a list of paths inside the project's folder, at least one",
        lambda value: _is_list(_is_inside)(value) and bool(value),
    ),
    "import_roots": _folders("Folders from which the project's modules are imported."),
    "default_io_manager": _text("IO manager of assets that name none."),
    "templates": Key(
        "Folder of the project's own templates.", "a path inside the project's folder", _is_inside, is_text=True
    ),
    "requirements": Key("Files that pin packages.", "a list of paths", _is_list(_is_text)),
    "select": _codes("Codes of the only diagnostics to show."),
    "ignore": _codes("Codes of diagnostics not to show."),
    "airflow.output": _output("airflow"),
    "prefect.output": _output("prefect"),
    "local.output": _output("local"),
    "run.executor": Key(
        "Where `flowstone run` runs functions.",
        f"one of {', '.join(map(repr, EXECUTORS))}",
        lambda value: value in EXECUTORS,
        is_text=True,
    ),
    "run.workers": Key("How many functions `flowstone run` runs at once.", "a whole number above 0", _is_count),
}

SECTIONS = tuple(dict.fromkeys(key.partition(".")[0] for key in KEYS if "." in key))

TOP_LEVEL = tuple(dict.fromkeys(key.partition(".")[0] for key in KEYS)) + TABLES
