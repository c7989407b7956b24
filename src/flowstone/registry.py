"""What is built in and what plugs in: dotted names, loaded when they are needed, each with the extra that it takes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError

if TYPE_CHECKING:
    from flowstone.io.contract import IOManager

IO_MANAGERS = {
    "duckdb": "flowstone.io.duckdb:DuckdbManager",
    "filesystem": "flowstone.io.filesystem:FilesystemManager",
    "memory": "flowstone.io.memory:MemoryManager",
    "parquet": "flowstone.io.parquet:ParquetManager",
    "postgres": "flowstone.io.postgres:PostgresManager",
}
"""Built-in IO managers. Others come by the entry point group ``flowstone.io_managers``."""

TARGETS = {
    "airflow": "flowstone.targets.airflow:AirflowTarget",
    "local": "flowstone.targets.local:LocalTarget",
    "prefect": "flowstone.targets.prefect:PrefectTarget",
}


def _load(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)


def io_manager_types() -> dict[str, str]:
    """Dotted names of all IO managers that can be had, by type name; a built-in one wins."""
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group="flowstone.io_managers")} | IO_MANAGERS


def io_manager_class(type_name: str) -> type[IOManager]:
    """The class of an IO manager. Errors: ConfigurationError if there is none of that name, or it cannot be loaded."""
    dotted = IO_MANAGERS.get(type_name) or io_manager_types().get(type_name)
    if dotted is None:
        known = io_manager_types()
        hint = did_you_mean(type_name, known) or f"there are: {', '.join(sorted(known))}"
        raise ConfigurationError(f"there is no IO manager of type {type_name!r}", help=hint)
    try:
        loaded: type[IOManager] = _load(dotted)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the IO manager of type {type_name!r} cannot be loaded: {error}",
            help="reinstall the package that brings it, in a version that goes with this FlowStone",
        ) from error
    return loaded


def target(name: str) -> Any:
    """An instance of a compilation target. Errors: ConfigurationError if there is none of that name."""
    if name not in TARGETS:
        hint = did_you_mean(name, TARGETS) or f"there are: {', '.join(sorted(TARGETS))}"
        raise ConfigurationError(f"there is no target {name!r}", help=hint)
    return _load(TARGETS[name])()
