"""Environment variables that replace what the manifest says, in the process that runs the assets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from flowstone.ir.node import Json
from flowstone.ir.project import IoManagerConfig, Project

IO_MANAGERS = "FLOWSTONE_IO_MANAGERS__"
PARAMS = "FLOWSTONE_PARAMS__"


def apply_environment(project: Project, environment: Mapping[str, str]) -> Project:
    """The project with values of ``FLOWSTONE_IO_MANAGERS__NAME__OPTION`` and ``FLOWSTONE_PARAMS__OWNER__PARAMETER``.

    Names are compared without regard to case, with ``_`` for every other character. A value is JSON, or else a text.
    Variables that name nothing in the project are left alone: they may be meant for another one.
    """
    given = {name: text for name, text in environment.items() if name.startswith((IO_MANAGERS, PARAMS))}
    if not given:
        return project
    managers = dict(project.io_managers)
    params = {owner: dict(values) for owner, values in project.params.items()}
    parameters = _parameters(project)
    for name, text in given.items():
        if name.startswith(IO_MANAGERS):
            owner, _, option = name.removeprefix(IO_MANAGERS).partition("__")
            if (found := _match(owner, managers)) is not None and option:
                old = managers[found]
                managers[found] = _with_option(old, option, text)
        else:
            owner, _, option = name.removeprefix(PARAMS).rpartition("__")
            if (found := _match(owner, parameters)) is not None:
                parameter = _match(option, parameters[found])
                if parameter is not None:
                    params.setdefault(found, {})[parameter] = _value(text)
    return project.model_copy(update={"io_managers": managers, "params": params})


def _with_option(old: IoManagerConfig, option: str, text: str) -> IoManagerConfig:
    if option.lower() == "type":
        return IoManagerConfig(type=text, options=old.options)
    name = _match(option, old.options) or option.lower()
    return IoManagerConfig(type=old.type, options={**old.options, name: _value(text)})


def _parameters(project: Project) -> dict[str, list[str]]:
    """Names of config parameters, by the step, check or resource that has them."""
    found = {step.id: [item.name for item in step.signature.config] for step in project.steps.values()}
    others = [(owner.name, owner.signature) for owner in project.resources.values()]
    others += [(owner.name, owner.signature) for owner in project.checks]
    for name, signature in others:
        found.setdefault(name, []).extend(item.name for item in signature.config)
    return found


def _match(name: str, known: Iterable[str]) -> str | None:
    return next((item for item in known if re.sub(r"\W", "_", item).upper() == name.upper()), None)


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text
