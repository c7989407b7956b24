"""``flowstone graph``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import project_options
from flowstone.cli.selection import Selection, selection_options
from flowstone.cli.stores import workspace_of

if TYPE_CHECKING:
    from flowstone.ir.project import Project

FORMATS = ("text", "mermaid", "dot", "svg")


@click.command("graph")
@selection_options()
@project_options
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
def graph(selection: Selection, project: Path, profile: str | None, output_format: str) -> None:
    """Show which asset needs which, of those that SELECTION means (default: all): as lines, as a Mermaid flowchart, for
    Graphviz, or as a picture.

    A line of text tells everything that an asset needs. The others draw the selected assets alone.
    """
    workspace = workspace_of(project, profile)
    ir = workspace.project
    if output_format == "text":
        for step in selection.steps(workspace):
            needs = ir.upstream[step]
            click.echo(f"{step} <- {', '.join(needs)}" if needs else step)
        return
    from flowstone.ir.graph import to_dot, to_mermaid

    writers: dict[str, Callable[[Project, Sequence[str]], str]] = {
        "mermaid": to_mermaid,
        "dot": to_dot,
        "svg": _to_svg,
    }
    click.echo(writers[output_format](ir, selection.assets(workspace)), nl=False)


def _to_svg(ir: Project, only: Sequence[str]) -> str:
    from flowstone.ir.graph import asset_graph
    from flowstone.runner.page.drawing import image

    drawn = asset_graph(ir, only)
    needs = {asset: [need for need in drawn.predecessors(asset) if need != asset] for asset in drawn}
    return image(needs, {asset: _about(ir, asset) for asset in drawn})


def _about(ir: Project, asset: str) -> str:
    found = ir.assets[asset]
    partitions = "" if found.partitions is None else f"{found.partitions.kind}, "
    return f"{partitions}{found.location}"
