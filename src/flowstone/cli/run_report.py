"""``flowstone report``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from flowstone.__about__ import __version__
from flowstone.cli.common import project_options, settings_of


@click.command("report")
@click.argument("run", default="last")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    show_default="reports/RUN.html in the state folder",
    help="File to write; - for the standard output.",
)
@project_options
def report(run: str, output: Path | None, project: Path, profile: str | None) -> None:
    """Write RUN as one HTML file: an id, the beginning of one, or `last`.

    The file holds the timeline, the graph, the failures and the figures of each asset, and needs nothing else: no
    script, no network. The graph is that of the project as it is now. What functions printed is in it only where they
    failed; ``flowstone logs`` has all of it.
    """
    from flowstone.frontend import load
    from flowstone.runner.history.entries import find
    from flowstone.runner.history.history import History
    from flowstone.runner.page.facts import read_facts
    from flowstone.runner.page.page import page

    settings = settings_of(project, profile)
    with History(settings.home) as history:
        entry = find(history, run)
        needs = load(settings).project.upstream  # as far as there is one: a broken project has runs that were
        facts = read_facts(history, entry, settings.name, needs, datetime.now(UTC))
    text = page(facts, f"Written by FlowStone {__version__}.")
    if output is not None and str(output) == "-":
        click.echo(text, nl=False)
        return
    target = output or settings.home / "reports" / f"{entry.id}.html"
    _write(target, text)
    click.echo(str(target))


def _write(target: Path, text: str) -> None:
    """Errors: UsageError if the file cannot be written."""
    from flowstone.errors import UsageError

    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
