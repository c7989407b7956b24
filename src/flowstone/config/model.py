"""The settings of a project: what the loader makes of files, profiles, variables and options. Plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

Executor = Literal["process", "thread", "inline", "dask", "ray"]
EXECUTORS: tuple[Executor, ...] = ("process", "thread", "inline", "dask", "ray")


class IoManagerSettings(Struct, frozen=True):
    """One configured IO manager."""

    type: str
    """Name of a built-in manager or of an entry point in ``flowstone.io_managers``."""
    options: Mapping[str, Json] = field(default_factory=dict)
    """As written: the manager's own model validates them. A secret is a reference, such as
    ``{"env": "NAME"}``."""

    def to_json(self) -> dict[str, Json]:
        """The table as a configuration file has it."""
        return {"type": self.type, **self.options}


class TargetSettings(Struct, frozen=True):
    """Settings of one compilation target."""

    output: str
    """Folder of the generated files, relative to the project's folder."""


class RunSettings(Struct, frozen=True):
    """Settings of the local runner."""

    executor: Executor = "process"
    """Where functions run: a pool of processes, a pool of threads, or the command's own thread."""
    workers: int = 1
    """How many run at once. The loader's default is the number of processors."""
    dask: str | None = None
    """Address of a Dask scheduler; None: a cluster is started for each run that needs one."""
    ray: str | None = None
    """Address of a Ray cluster; None: as for Dask."""


class Settings(Struct, frozen=True):
    """The resolved configuration of one project and one profile."""

    name: str
    """Default: the name in pyproject.toml's ``[project]``, else that of the project's folder."""
    root: Path
    """The project's folder, absolute."""
    home: Path
    """The state folder: ``FLOWSTONE_HOME``, else ``.flowstone`` in the project's folder."""
    sources: tuple[str, ...]
    """Files and folders that hold declarations, relative to the project's folder, with forward slashes."""
    config_file: Path | None = None
    profile: str | None = None
    import_roots: tuple[str, ...] = (".",)
    """Folders from which the project's modules are imported, relative to the project's folder."""
    default_io_manager: str = "local"
    partitions_io_manager: str | None = None
    """Keeps the keys of dynamic partitions; None for ``default_io_manager``."""
    io_managers: Mapping[str, IoManagerSettings] = field(
        default_factory=lambda: {"local": IoManagerSettings("filesystem")}
    )
    concurrency: Mapping[str, int] = field(default_factory=dict)
    """How many functions may run at once that name a limit, by its name."""
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Values of config parameters, by step, check or resource, then by parameter."""
    templates: str | None = None
    """Folder of the project's own templates, relative to the project's folder."""
    requirements: tuple[str, ...] | None = None
    """Files that pin packages, relative to the project's folder; None: those with the usual names in it."""
    select: tuple[str, ...] = ()
    """Codes, beginnings of codes or names of the only diagnostics to show; empty: all."""
    ignore: tuple[str, ...] = ()
    """Codes, beginnings of codes or names of diagnostics not to show."""
    severity: Mapping[str, str] = field(default_factory=dict)
    """How bad findings are, by code, beginning of codes or name: ``error``, ``warning`` or ``info``."""
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is not shown of some files, by a pattern of their paths."""
    per_path_severity: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """How bad findings in some files are, by a pattern of their paths, then by code."""
    airflow: TargetSettings = TargetSettings("build/airflow")
    prefect: TargetSettings = TargetSettings("build/prefect")
    local: TargetSettings = TargetSettings("build/local")
    run: RunSettings = RunSettings()
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value comes from, by dotted key: ``default``, ``pyproject.toml:12``, ``profile prod
    (pyproject.toml:30)``, ``environment FLOWSTONE_RUN__WORKERS`` or ``command line``."""

    @property
    def cache_folder(self) -> Path:
        """Where caches lie that can be deleted at any time."""
        return self.home / "cache"

    def output_folder(self, target: str) -> Path:
        """The folder of a target's generated files. Errors: AttributeError for a target that has no settings."""
        settings: TargetSettings = getattr(self, target)
        return self.root / settings.output

    def to_json(self) -> dict[str, Json]:
        """Every value by its key in a configuration file, in a fixed order."""
        return {
            "name": self.name,
            "root": str(self.root),
            "home": str(self.home),
            "config_file": None if self.config_file is None else str(self.config_file),
            "profile": self.profile,
            "sources": list(self.sources),
            "import_roots": list(self.import_roots),
            "default_io_manager": self.default_io_manager,
            "partitions_io_manager": self.partitions_io_manager,
            "io_managers": {name: self.io_managers[name].to_json() for name in sorted(self.io_managers)},
            "concurrency": dict(self.concurrency),
            "params": {name: dict(self.params[name]) for name in sorted(self.params)},
            "templates": self.templates,
            "requirements": None if self.requirements is None else list(self.requirements),
            "select": list(self.select),
            "ignore": list(self.ignore),
            "severity": dict(self.severity),
            "per_path_ignores": {glob: list(codes) for glob, codes in self.per_path_ignores.items()},
            "per_path_severity": {glob: dict(table) for glob, table in self.per_path_severity.items()},
            "airflow": {"output": self.airflow.output},
            "prefect": {"output": self.prefect.output},
            "local": {"output": self.local.output},
            "run": {
                "executor": self.run.executor,
                "workers": self.run.workers,
                "dask": self.run.dask,
                "ray": self.run.ray,
            },
        }
