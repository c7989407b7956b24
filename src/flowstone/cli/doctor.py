"""``flowstone doctor``."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of

if TYPE_CHECKING:
    from flowstone.io.contract import IOManager, Slot, Staged
    from flowstone.io.record import Record

SCRATCH = "flowstone_doctor"
"""The asset that is stored and deleted again; each try has a name of its own below it."""


@click.command("doctor")
@project_options
def doctor(project: Path, profile: str | None) -> None:
    """Try each configured IO manager: write a small value under a name of its own, read it, and delete it.

    Says what is missing: a package, a variable, a folder, a right, a server. Exits 1 if one does not work.
    """
    from flowstone.errors import FlowStoneError
    from flowstone.ir.project import IoManagerConfig, Project
    from flowstone.runtime.workspace import Workspace

    settings = settings_of(project, profile)
    managers = {
        name: IoManagerConfig(type=manager.type, options=dict(manager.options))
        for name, manager in settings.io_managers.items()
    }
    empty = Project(name=settings.name, profile=settings.profile, io_managers=managers)
    workspace = Workspace(empty, settings.root.absolute(), os.environ)
    failed = False
    for name in sorted(managers):
        start = time.perf_counter()
        try:
            what = _try(workspace.manager(name))
        except FlowStoneError as error:
            failed = True
            click.echo(workspace.redactor.text(f"{name} ({managers[name].type}): {error}"))
            if error.help:
                click.echo(workspace.redactor.text(f"  help: {error.help}"))
        else:
            milliseconds = (time.perf_counter() - start) * 1000
            click.echo(
                f"{name} ({managers[name].type}): works; wrote, read and deleted {what} in {milliseconds:.0f} ms"
            )
    if failed:
        raise SystemExit(EXIT_FINDINGS)


def _try(manager: IOManager) -> str:
    """Store, load and delete a value; what it was. Errors: FlowStoneError."""
    from flowstone.errors import StorageError
    from flowstone.io.contract import Slot
    from flowstone.ir.types import TypeExpr

    options = manager.AssetOptions()
    slot = Slot(f"{SCRATCH}.t{secrets.token_hex(6)}", None, options)
    plain = manager.refuses(TypeExpr(name="int"), options, loading=False) is None
    value = 1 if plain else _frame(manager)
    _expect_none(manager, slot)
    staged = manager.stage(slot, value)
    try:
        manager.publish(staged, _record(slot, staged))
    except BaseException:
        manager.discard(staged)
        raise
    try:
        _, loaded = manager.read(slot, None)
    finally:
        manager.delete(slot)
    _expect_none(manager, slot)
    if not (loaded == value if plain else loaded.equals(value)):
        raise StorageError(f"what was read is not what was written: {loaded!r}")
    return "a number" if plain else "a table"


def _expect_none(manager: IOManager, slot: Slot) -> None:
    """Errors: StorageError if there is a value that nobody has stored, or that was deleted; of the manager."""
    from flowstone.errors import StorageError

    if manager.record(slot) is not None:
        raise StorageError("it finds a value that nobody has stored, or that was deleted")


def _frame(manager: IOManager) -> Any:
    from flowstone.errors import MissingExtraError

    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError(f"the IO manager {manager.name!r}", manager.extra or "parquet") from error
    return pyarrow.table({"n": [1]})


def _record(slot: Slot, staged: Staged) -> Record:
    from flowstone.__about__ import __version__
    from flowstone.io.record import Record

    now = datetime.now(UTC)
    return Record(
        asset=slot.asset,
        data_version=staged.data_version,
        code_version=SCRATCH,
        config_version=SCRATCH,
        run_id=SCRATCH,
        engine="doctor",
        started_at=now,
        finished_at=now,
        size=staged.size,
        metadata={"content": staged.metadata},
        flowstone=__version__,
    )
