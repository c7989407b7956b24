"""The one loader. Precedence: command line, environment, profile, base, default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowstone.config.environment import state_folder
from flowstone.config.files import PYPROJECT, ConfigFile, find_config
from flowstone.config.layers import Layers
from flowstone.config.model import IoManagerSettings, RunSettings, Settings, TargetSettings
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError

_NOTHING: Mapping[str, str] = {}


def load_settings(
    start: Path,
    *,
    profile: str | None = None,
    overrides: Mapping[str, str] = _NOTHING,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings of the project that ``start`` lies in.

    ``overrides`` are values of the command line by dotted key (``run.workers``, ``params.step.parameter``). Errors:
    ConfigurationError, with every mistake that was found.
    """
    file = find_config(start)
    chosen, chosen_by = _profile(profile, environment)
    layers = Layers()
    _add_defaults(layers, file)
    layers.add_file(file)
    profiles = _profiles(file)
    if chosen is not None:
        _check_profile(file, profiles, chosen, chosen_by)
        layers.add_file(file, chosen)
    for other in profiles:
        if other != chosen:
            layers.judge_profile(file, other)
    layers.add_environment(environment)
    layers.add_options(overrides)
    root = file.path.parent
    if not layers.problems:
        _check_whole(layers, root)
    _raise_problems(layers)
    return _settings(layers, file, chosen, chosen_by, environment)


def _profile(given: str | None, environment: Mapping[str, str]) -> tuple[str | None, str]:
    if given is not None:
        return given, "command line"
    name = environment.get("FLOWSTONE_PROFILE")
    return (name, "environment FLOWSTONE_PROFILE") if name else (None, "default")


def _add_defaults(layers: Layers, file: ConfigFile) -> None:
    folder = file.path.parent.name.encode(errors="replace").decode()
    if file.project_name:
        layers.add_default(("name",), file.project_name, f"{PYPROJECT} [project]")
    else:
        layers.add_default(("name",), folder or "project")
    for key in ("templates", "requirements"):
        layers.add_default((key,), None)
    layers.add_default(("import_roots",), ["."])
    layers.add_default(("default_io_manager",), "local")
    layers.add_default(("partitions_io_manager",), None)
    layers.add_default(("io_managers", "local", "type"), "filesystem")
    layers.add_default(("select",), [])
    layers.add_default(("ignore",), [])
    for target in ("airflow", "prefect", "local"):
        layers.add_default((target, "output"), f"build/{target}")
    layers.add_default(("run", "executor"), "process")
    layers.add_default(("run", "workers"), _processors())
    layers.add_default(("run", "dask"), None)
    layers.add_default(("run", "ray"), None)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _profiles(file: ConfigFile) -> tuple[str, ...]:
    profiles = file.table.get("profiles", {})
    if not isinstance(profiles, dict):
        raise ConfigurationError(f"{file.place('profiles')}: 'profiles' must be a table")
    for name, table in profiles.items():
        if not isinstance(table, dict):
            raise ConfigurationError(f"{file.place('profiles', name)}: the profile {name!r} must be a table")
    return tuple(profiles)


def _check_profile(file: ConfigFile, profiles: tuple[str, ...], profile: str, chosen_by: str) -> None:
    if profile not in profiles:
        known = ", ".join(sorted(profiles))
        hint = did_you_mean(profile, profiles) or (f"there are: {known}" if known else "the file has no profiles")
        raise ConfigurationError(f"there is no profile {profile!r} in {file.path} ({chosen_by})", help=hint)


def _check_whole(layers: Layers, root: Path) -> None:
    """What can only be judged when every layer is known."""
    entries = layers.entries
    if ("sources",) not in entries:
        layers.problem("'sources' is missing", 'say where the declarations are: sources = ["pipelines"]')
    managers = layers.tables("io_managers")
    for name, table in managers.items():
        if "type" not in table:
            place = next(entry.place for path, entry in entries.items() if path[:2] == ("io_managers", name))
            hint = did_you_mean(name, [other for other in managers if other != name])
            layers.problem(f"{place}: the IO manager {name!r} has no 'type'", hint or 'write type = "filesystem"')
    for key, what in (("default_io_manager", "default IO manager"), ("partitions_io_manager", "IO manager of keys")):
        entry = entries[key,]
        if entry.value is not None and entry.value not in managers:
            hint = did_you_mean(entry.value, managers) or f"there are: {', '.join(sorted(managers))}"
            layers.problem(f"{entry.place}: the {what} {entry.value!r} is not configured", hint)
    _check_paths(layers, root)


def _check_paths(layers: Layers, root: Path) -> None:
    for key in ("sources", "import_roots", "templates", "requirements"):
        entry = layers.entries.get((key,))
        if entry is None or entry.value is None:
            continue
        for path in [entry.value] if isinstance(entry.value, str) else entry.value:
            try:
                exists = (root / path).exists()
            except OSError as error:
                layers.problem(f"{entry.place}: the path in {key!r} cannot be looked at: {error.strerror}")
                continue
            if not exists:
                hint = did_you_mean(path, [item.name for item in root.iterdir() if not item.name.startswith(".")])
                layers.problem(f"{entry.place}: {path!r} in {key!r} does not exist in {root}", hint)


def _raise_problems(layers: Layers) -> None:
    if len(layers.problems) == 1:
        message, hint = layers.problems[0]
        raise ConfigurationError(message, help=hint)
    if layers.problems:
        raise ConfigurationError("\n".join(f"{text} ({hint})" if hint else text for text, hint in layers.problems))


def _settings(
    layers: Layers,
    file: ConfigFile,
    profile: str | None,
    chosen_by: str,
    environment: Mapping[str, str],
) -> Settings:
    def value(*path: str) -> Any:
        return layers.entries[path].value

    root = file.path.parent
    managers, params = layers.tables("io_managers"), layers.tables("params")
    origins = {".".join(path): entry.origin for path, entry in sorted(layers.entries.items())}
    origins |= {
        "root": "default",
        "home": "environment FLOWSTONE_HOME" if environment.get("FLOWSTONE_HOME") else "default",
        "config_file": "default",
        "profile": chosen_by,
    }
    return Settings(
        name=value("name"),
        root=root,
        home=state_folder(root, environment),
        config_file=file.path,
        profile=profile,
        sources=_relative(value("sources")),
        import_roots=_relative(value("import_roots")),
        default_io_manager=value("default_io_manager"),
        partitions_io_manager=value("partitions_io_manager"),
        io_managers={
            name: IoManagerSettings(table["type"], {key: item for key, item in table.items() if key != "type"})
            for name, table in sorted(managers.items())
        },
        concurrency=dict(sorted(layers.single("concurrency").items())),
        params=params,
        templates=value("templates"),
        requirements=None if value("requirements") is None else tuple(value("requirements")),
        select=tuple(value("select")),
        ignore=tuple(value("ignore")),
        severity=layers.single("severity"),
        per_path_ignores={glob: tuple(codes) for glob, codes in layers.single("per_path_ignores").items()},
        per_path_severity=layers.tables("per_path_severity"),
        airflow=TargetSettings(value("airflow", "output")),
        prefect=TargetSettings(value("prefect", "output")),
        local=TargetSettings(value("local", "output")),
        run=RunSettings(value("run", "executor"), value("run", "workers"), value("run", "dask"), value("run", "ray")),
        origins=origins,
    )


def _relative(paths: list[str]) -> tuple[str, ...]:
    """Paths in one spelling: ``./a//b/`` is ``a/b``."""
    return tuple(dict.fromkeys(Path(path).as_posix() for path in paths))
