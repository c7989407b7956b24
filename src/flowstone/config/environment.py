"""Overrides by environment variables. The loader and the workers use the same rules.

``FLOWSTONE_IO_MANAGERS__LAKE__ROOT`` is the option ``root`` of the IO manager ``lake``,
``FLOWSTONE_PARAMS__STEP__PARAM`` the config parameter ``param`` of ``step`` (a dot in a step's id is written ``__``).
Names are matched without regard to case; one that is not known yet is taken in lower case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.errors import ConfigurationError

PREFIX = "FLOWSTONE_"
IO_MANAGERS = "FLOWSTONE_IO_MANAGERS__"
PARAMS = "FLOWSTONE_PARAMS__"

RESERVED = frozenset(
    {
        "FLOWSTONE_AIRFLOW_PYTHON",
        "FLOWSTONE_HOME",
        "FLOWSTONE_PREFECT_PYTHON",
        "FLOWSTONE_PREFECT_RUNNER",
        "FLOWSTONE_PREFECT_WORKERS",
        "FLOWSTONE_PROFILE",
        "FLOWSTONE_PROJECT_ROOT",
    }
)
"""Variables that are read by name and are no settings of the project."""

Table = Mapping[str, Mapping[str, Any]]


class Override(Struct, frozen=True):
    """One variable: which value it replaces."""

    variable: str
    path: tuple[str, str]
    """IO manager and option, or step and parameter."""
    value: Any


_KINDS = frozenset({"env", "file", "airflow_connection", "prefect_secret"})
"""The keys of references to secrets, as in ``ir.reference``, which takes longer to import."""


def io_manager_overrides(environment: Mapping[str, str], known: Table) -> Iterator[Override]:
    """What the environment says about IO managers, in the order of the variables' names.

    ``known`` holds the options of the configured ones, ``type`` among them: it gives the spelling of the names and the
    kinds of the values. Errors: ConfigurationError for a variable that names no option.
    """
    for variable, rest in _variables(environment, IO_MANAGERS):
        name, option = _io_manager_path(variable, rest, known)
        old = known.get(name, {}).get(option)
        yield Override(variable, (name, option), override_value(environment[variable], old))


def param_overrides(environment: Mapping[str, str], known: Table) -> Iterator[Override]:
    """What the environment says about config parameters, in the order of the variables' names.

    ``known`` holds their values or defaults by step. Errors: ConfigurationError for a variable that names no parameter.
    """
    for variable, rest in _variables(environment, PARAMS):
        step, parameter = _param_path(variable, rest, known)
        old = known.get(step, {}).get(parameter)
        yield Override(variable, (step, parameter), override_value(environment[variable], old))


def without_overrides(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the variables that the settings have in them already: what is given in another way wins over them."""
    return {name: text for name, text in environment.items() if not name.upper().startswith((IO_MANAGERS, PARAMS))}


def override_value(text: str, old: Any) -> Any:
    """The value that a text means.

    It is JSON where it replaces a number, a switch or an array, and where it is an array or a table and replaces
    nothing. Text replaces text, unless it is the reference of a secret. Anything else stays text, even ``5``: whoever
    knows the expected type converts it.
    """
    value = _json_or_text(text)
    if isinstance(old, str):
        return value if isinstance(value, dict) and len(value) == 1 and value.keys() <= _KINDS else text
    if old is None or isinstance(old, dict):
        return value if isinstance(value, list | dict) else text
    return value


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _variables(environment: Mapping[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    for variable in sorted(environment):
        if variable.upper().startswith(prefix):
            yield variable, variable[len(prefix) :]


def _io_manager_path(variable: str, rest: str, known: Table) -> tuple[str, str]:
    parts = [(name, rest[len(name) + 2 :]) for name in known if rest.upper().startswith(f"{name}__".upper())]
    name, option = _single(variable, parts) or rest.lower().partition("__")[::2]
    if not name or not option:
        raise ConfigurationError(
            f"the variable {variable} names no option of an IO manager", help=f"write {IO_MANAGERS}NAME__OPTION=value"
        )
    return name, spelling(option, known.get(name, ()))


def _param_path(variable: str, rest: str, known: Table) -> tuple[str, str]:
    paths = [(step, parameter) for step, parameters in known.items() for parameter in parameters]
    found = _single(variable, [path for path in paths if _flat(*path) == rest.upper()])
    if found is not None:
        return found
    step, _, parameter = rest.lower().rpartition("__")
    if not step or not parameter:
        raise ConfigurationError(
            f"the variable {variable} names no config parameter", help=f"write {PARAMS}STEP__PARAMETER=value"
        )
    return spelling(step.replace("__", "."), known), parameter


def _flat(step: str, parameter: str) -> str:
    return f"{step}__{parameter}".replace(".", "__").upper()


def spelling(name: str, known: Iterable[str]) -> str:
    """The known name that one in capitals stands for; else that in lower case."""
    return next((item for item in known if item.upper() == name.upper()), name.lower())


def _single(variable: str, found: list[tuple[str, str]]) -> tuple[str, str] | None:
    if len(found) > 1:
        names = " and ".join(repr(name) for name, _ in found)
        raise ConfigurationError(f"the variable {variable} may mean {names}", help="rename one of them")
    return found[0] if found else None


def state_folder(root: Path, environment: Mapping[str, str]) -> Path:
    """Where a project's state, caches and default data lie: ``FLOWSTONE_HOME``, else ``.flowstone`` in the project.

    A relative ``FLOWSTONE_HOME`` is relative to the project's folder, so that every command and worker means the same.
    Errors: ConfigurationError for ``~name`` if nobody is called so.
    """
    given = Path(environment.get("FLOWSTONE_HOME") or ".flowstone")
    try:
        return root / given.expanduser()
    except RuntimeError:
        user = given.parts[0]
        raise ConfigurationError(f"FLOWSTONE_HOME: there is no home folder of {user}", help="write it out") from None
