"""``flowstone graph``."""

from __future__ import annotations

from pathlib import Path

import click

from flowstone.cli.common import project_options, settings_of, sound_project


@click.command("graph")
@project_options
@click.option("--output-format", type=click.Choice(["text", "mermaid", "dot"]), default="text", show_default=True)
def graph(project: Path, profile: str | None, output_format: str) -> None:
    """Show which asset needs which: as lines, as a Mermaid flowchart, or for Graphviz."""
    from flowstone.ir.graph import to_dot, to_mermaid

    ir = sound_project(settings_of(project, profile)).project
    if output_format == "text":
        for step, needs in ir.upstream.items():
            click.echo(f"{step} <- {', '.join(needs)}" if needs else step)
        return
    click.echo(to_mermaid(ir) if output_format == "mermaid" else to_dot(ir), nl=False)
