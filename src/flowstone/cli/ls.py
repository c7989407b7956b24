"""``flowstone ls``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import project_options
from flowstone.cli.selection import Selection, selection_options
from flowstone.cli.stores import workspace_of

if TYPE_CHECKING:
    from flowstone.ir.project import Project


@click.command("ls")
@selection_options()
@project_options
@click.option("--output-format", type=click.Choice(["text", "json", "ir", "schema"]), default="text", show_default=True)
def ls(selection: Selection, project: Path, profile: str | None, output_format: str) -> None:
    """List the assets that SELECTION means (default: all).

    ``json`` prints the whole intermediate representation, ``ir`` its short text form, ``schema`` the JSON schema of the
    intermediate representation.
    """
    if output_format == "schema":
        import json

        from flowstone.ir.project import Project

        click.echo(json.dumps(Project.model_json_schema(), indent=2))
        return
    workspace = workspace_of(project, profile, whole=output_format != "text")
    ir = workspace.compiled
    if output_format == "json":
        click.echo(ir.model_dump_json(indent=2))
    elif output_format == "ir":
        from flowstone.ir.text import to_text

        click.echo(to_text(ir), nl=False)
    else:
        _print_table(ir, selection.steps(workspace))


def _print_table(ir: Project, steps: tuple[str, ...]) -> None:
    assets = [ir.assets[asset] for step in steps for asset in ir.steps[step].outputs.values()]
    width = max(len(asset.id) for asset in assets)
    for asset in assets:
        partitions = asset.partitions.kind if asset.partitions else "-"
        click.echo(f"{asset.id:<{width}}  {partitions:<7}  {asset.storage.manager:<10}  {asset.location}")
