"""The keys of the configuration, and what each accepts. The reference page is made from this table."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from flowstone.config.model import EXECUTORS
from flowstone.diagnostics.diagnostic import Severity

_NAME = ("^[A-Za-z_][A-Za-z0-9_-]*$", "a name of letters, digits, '_' and '-'")
_CODE = "^(FS[0-9]{0,3}|[a-z][a-z0-9]*(-[a-z0-9]+)*)$"
_INSIDE = r"^(?![/~])(?!(.*/)?\.\.(/|$))[^\u0000]+$"

Schema = Mapping[str, Any]
"""A JSON schema."""

_TEXT: Schema = {"type": "string", "pattern": r"^[^\u0000]+$"}
_PATH: Schema = {"type": "string", "pattern": _INSIDE}
_CODES: Schema = {"type": "array", "items": {"type": "string", "pattern": _CODE}}


class Key(Struct, frozen=True):
    """One key of the configuration."""

    description: str
    expected: str
    """What it accepts, in words: ``must be <expected>``."""
    accepts: Callable[[Any], bool]
    schema: Schema
    """The same for tools."""
    is_text: bool = False
    """Whether a variable's text is the value; otherwise it is read as JSON."""

    def from_text(self, text: str) -> Any:
        """The value that a variable or an option stands for. A list may also be written with commas."""
        if self.is_text:
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return parts if self.accepts(parts) else text  # which is told as it was written


class Table(Struct, frozen=True):
    """A table whose keys are the user's names."""

    description: str
    names: tuple[str, ...]
    """What the names on the way to a value are: ``("NAME", "OPTION")``."""
    entry: str
    """What one value in it is, in words."""
    value: Key
    patterns: Mapping[str, tuple[str, str]]
    """What a name must look like, as a regular expression and in words, by its kind."""


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a regular expression of this module."""
    return re.match(pattern.replace("$", r"\Z"), text, re.DOTALL) is not None


def is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8: bytes from outside may come in as what cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _is_inside(value: Any) -> bool:
    return _is_text(value) and not value.startswith(("/", "~")) and ".." not in PurePosixPath(value).parts


def _is_list(item: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(item, value))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and matches(_CODE, value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return not isinstance(value, float) or math.isfinite(value)


def _text(description: str) -> Key:
    return Key(description, "a text that is not empty", _is_text, _TEXT, is_text=True)


def _codes(description: str) -> Key:
    expected = "a list of codes, beginnings of codes or names, such as FS301, FS3 or type-mismatch"
    return Key(description, expected, _is_list(_is_code), _CODES)


def _count(description: str) -> Key:
    return Key(description, "a whole number above 0", _is_count, {"type": "integer", "minimum": 1})


def _choice(description: str, choices: Sequence[str]) -> Key:
    expected = f"one of {', '.join(repr(str(choice)) for choice in choices)}"
    return Key(description, expected, lambda value: value in choices, {"enum": list(map(str, choices))}, is_text=True)


def _output(target: str) -> Key:
    return _text(f"Folder of the files that `flowstone compile --target {target}` writes.")


KEYS: Mapping[str, Key] = {
    "name": _text("Name of the project."),
    "sources": Key(
        "Files and folders that hold declarations.",
        "a list of paths inside the project's folder, at least one",
        lambda value: _is_list(_is_inside)(value) and bool(value),
        {"type": "array", "items": _PATH, "minItems": 1},
    ),
    "import_roots": Key(
        "Folders from which the project's modules are imported.",
        "a list of paths inside the project's folder",
        _is_list(_is_inside),
        {"type": "array", "items": _PATH},
    ),
    "default_io_manager": _text("IO manager of assets that name none."),
    "partitions_io_manager": _text(
        "IO manager that keeps the keys of dynamic partitions; default: `default_io_manager`."
    ),
    "templates": Key(
        "Folder of the project's own templates.", "a path inside the project's folder", _is_inside, _PATH, is_text=True
    ),
    "requirements": Key(
        "Files that pin packages.", "a list of paths", _is_list(_is_text), {"type": "array", "items": _TEXT}
    ),
    "select": _codes("Codes of the only diagnostics to show."),
    "ignore": _codes("Codes of diagnostics not to show."),
    "airflow.output": _output("airflow"),
    "prefect.output": _output("prefect"),
    "local.output": _output("local"),
    "run.executor": _choice("Where `flowstone run` runs functions.", EXECUTORS),
    "run.workers": _count("How many functions `flowstone run` runs at once."),
    "run.ray": _text("Address of the Ray cluster of the executor `ray`; without it a cluster is started here."),
    "run.dask": _text("Address of the Dask scheduler of the executor `dask`; without it a cluster is started here."),
}

SECTIONS = tuple(dict.fromkeys(key.partition(".")[0] for key in KEYS if "." in key))

_ANY = Key("", "a number that is finite", _is_json, {})
_SEVERITY = _choice("", tuple(Severity))
_CODE_NAME = {"CODE": (_CODE, "a code, a beginning of codes or a name, such as FS301, FS3 or type-mismatch")}
_GLOB_NAME = {"GLOB": ("^!?.", "a path or pattern, such as pipelines/legacy/**")}

TABLES: Mapping[str, Table] = {
    "io_managers": Table(
        "`type` and the options of that type; see [IO managers](io-managers.md)",
        ("NAME", "OPTION"),
        "an option of an IO manager",
        _ANY,
        {"NAME": _NAME},
    ),
    "params": Table(
        "values of config parameters, by step, check or resource, then by parameter",
        ("OWNER", "PARAMETER"),
        "a config parameter",
        _ANY,
        {},
    ),
    "concurrency": Table(
        "how many functions may run at once that name a limit by `concurrency=`, by the limit's name",
        ("NAME",),
        "a limit",
        _count(""),
        {"NAME": _NAME},
    ),
    "severity": Table(
        "`error`, `warning` or `info`, by code: how bad a finding is, instead of what the rule says",
        ("CODE",),
        "the severity of a rule",
        _SEVERITY,
        _CODE_NAME,
    ),
    "per_path_ignores": Table(
        "codes of diagnostics not to show, by the files that they are in",
        ("GLOB",),
        "what is ignored in some files",
        _codes(""),
        _GLOB_NAME,
    ),
    "per_path_severity": Table(
        "severities as above, by the files that the findings are in",
        ("GLOB", "CODE"),
        "the severity of a rule in some files",
        _SEVERITY,
        {**_GLOB_NAME, **_CODE_NAME},
    ),
}
"""Tables whose keys are the user's names. Profiles are one more, with all the others in it."""

PROFILES = "profiles"

TOP_LEVEL = (*dict.fromkeys(key.partition(".")[0] for key in KEYS), *TABLES, PROFILES)
