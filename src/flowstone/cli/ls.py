"""``flowstone ls``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import project_options, settings_of, sound_project

if TYPE_CHECKING:
    from flowstone.ir.project import Project


@click.command("ls")
@click.argument("selection", nargs=-1)
@click.option("--exclude", metavar="SELECTOR", help="Leave these out.")
@project_options
@click.option("--output-format", type=click.Choice(["text", "json", "ir", "schema"]), default="text", show_default=True)
def ls(selection: tuple[str, ...], exclude: str | None, project: Path, profile: str | None, output_format: str) -> None:
    """List the assets that SELECTION means (default: all).

    ``json`` prints the whole intermediate representation, ``ir`` its short text form, ``schema`` the JSON schema of the
    intermediate representation.
    """
    from flowstone.ir.select import select

    if output_format == "schema":
        import json

        from flowstone.ir.project import Project

        click.echo(json.dumps(Project.model_json_schema(), indent=2))
        return
    ir = sound_project(settings_of(project, profile)).project
    if output_format == "json":
        click.echo(ir.model_dump_json(indent=2))
    elif output_format == "ir":
        from flowstone.ir.text import to_text

        click.echo(to_text(ir), nl=False)
    else:
        _print_table(ir, select(ir, " ".join(selection) or "*", exclude))


def _print_table(ir: Project, steps: tuple[str, ...]) -> None:
    assets = [ir.assets[asset] for step in steps for asset in ir.steps[step].outputs.values()]
    width = max(len(asset.id) for asset in assets)
    for asset in assets:
        partitions = asset.partitions.kind if asset.partitions else "-"
        click.echo(f"{asset.id:<{width}}  {partitions:<7}  {asset.storage.manager:<10}  {asset.location}")
