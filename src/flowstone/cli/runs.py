"""``flowstone runs``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options, settings_of
from flowstone.cli.stores import to_json

if TYPE_CHECKING:
    from flowstone.runner.history.entries import Entry

_STYLES = {"running": "cyan", "done": "green", "failed": "bold red", "interrupted": "yellow"}


@click.command("runs")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many are shown.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def runs(limit: int, output_format: str, project: Path, profile: str | None) -> None:
    """List the last runs on this machine, the newest first, with what came of them.

    ``flowstone logs RUN`` shows what was printed in one, ``flowstone run --resume RUN`` goes on with it.
    """
    from flowstone.runner.history.entries import entries
    from flowstone.runner.history.history import History

    with History(settings_of(project, profile).home) as history:
        found = entries(history, limit)
    if output_format == "json":
        click.echo(to_json([_json(entry) for entry in found]))
        return
    from rich.console import Console
    from rich.text import Text

    from flowstone.diagnostics.terminal import printable

    console = Console(highlight=False, soft_wrap=True)
    for entry in found:
        line = Text(f"{entry.id}  ").append(f"{entry.status:<11}", style=_STYLES[entry.status])
        counts = ", ".join(f"{count:,} {state}" for state, count in entry.counts.items())
        console.print(line.append(f"  {counts}").append(f"  {printable(entry.command)}", style="dim"))
    if not found:
        click.echo("there was no run yet", err=True)


def _json(entry: Entry) -> dict[str, Any]:
    facts = asdict(entry)
    del facts["number"]
    return facts
