"""``flowstone invalidate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import project_options
from flowstone.cli.selection import Selection, selection_options
from flowstone.cli.stores import place, workspace_of

if TYPE_CHECKING:
    from flowstone.ir.project import Project
    from flowstone.runtime.stored import Stored


@click.command("invalidate")
@selection_options(required=True)
@click.option("--partition", multiple=True, metavar="KEY", help="A partition; may be repeated. Default: all stored.")
@click.option("--partitions", multiple=True, metavar="FIRST..LAST", help="A range of partitions.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@project_options
def invalidate(
    selection: Selection,
    partition: tuple[str, ...],
    partitions: tuple[str, ...],
    yes: bool,
    project: Path,
    profile: str | None,
) -> None:
    """Remove what is stored of the assets that SELECTION means, so that the next run makes it again.

    The values are removed with their records, from the store that all engines share: none of them reuses what was
    there. Nothing is run.
    """
    from flowstone.runtime.stored import Stored

    workspace = workspace_of(project, profile)
    stored = Stored(workspace)
    assets = selection.assets(workspace)
    _demand_known(workspace.project, assets, (*partition, *partitions))
    places = [(asset, text) for asset in assets for text in _stored(stored, asset, (*partition, *partitions))]
    for asset, text in places:
        click.echo(place(asset, text))
    if not places:
        click.echo("nothing of it is stored", err=True)
        return
    if not yes:
        click.confirm(f"Remove {len(places):,} value{'s' * (len(places) != 1)}?", abort=True, err=True)
    for asset, text in places:
        manager, slot = stored.place(asset, text)
        manager.delete(slot)


def _demand_known(project: Project, assets: list[str], given: tuple[str, ...]) -> None:
    """Errors: UsageError for a text that is no key of any of the assets."""
    from flowstone.errors import UsageError
    from flowstone.ir.run_keys import explicit_keys

    chosen = {project.assets[asset].step for asset in assets}
    try:
        explicit_keys(project, [step for step in project.steps if step in chosen], given)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _stored(stored: Stored, asset: str, given: tuple[str, ...]) -> Iterator[str | None]:
    """The stored partitions of an asset; of those that were given, if any were."""
    from flowstone.ir.run_keys import keys_of

    found = stored.of(asset)
    definition = stored.workspace.project.assets[asset].partitions
    wanted = {key.text for key in keys_of(definition, given)} if definition is not None else set()
    for text in (*found.records, *found.damaged):
        if not given or text in wanted:
            yield text
