"""``flowstone verify``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options
from flowstone.cli.selection import Selection, selection_options
from flowstone.cli.stores import place, workspace_of

if TYPE_CHECKING:
    from flowstone.runtime.stored import Stored


@click.command("verify")
@selection_options()
@project_options
def verify(selection: Selection, project: Path, profile: str | None) -> None:
    """Read all that is stored of the assets that SELECTION means (default: all), and compare it with the records.

    A line for each value that is damaged or gone. Exits 1 if there is one.
    """
    from flowstone.runtime.stored import Stored

    workspace = workspace_of(project, profile)
    stored, damaged, count = Stored(workspace), 0, 0
    for asset in selection.assets(workspace):
        for partition, reason in _look(stored, asset):
            count += 1
            if reason is not None:
                damaged += 1
                click.echo(f"{place(asset, partition)}: {reason}")
    if damaged:
        click.echo(f"{damaged:,} of {count:,} values are damaged; a run makes them again.", err=True)
        raise SystemExit(EXIT_FINDINGS)
    click.echo(f"All {count:,} values are what their records say.", err=True)


def _look(stored: Stored, asset: str) -> Iterator[tuple[str | None, str | None]]:
    """Each stored partition of an asset, and why it cannot be used."""
    from flowstone.errors import DamagedError, NotMaterializedError

    found = stored.of(asset)
    yield from found.damaged.items()
    for partition, record in found.records.items():
        manager, slot = stored.place(asset, partition)
        try:
            manager.verify(slot, record)
        except (DamagedError, NotMaterializedError) as error:
            yield partition, str(error).removeprefix(f"{slot.label}: ")
        else:
            yield partition, None
