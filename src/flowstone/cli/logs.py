"""``flowstone logs``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import project_options, settings_of

if TYPE_CHECKING:
    from flowstone.runner.history.history import History
    from flowstone.runner.logs import Head

_PAUSE = 0.2
"""Seconds between two looks at what is printed."""


@click.command("logs")
@click.argument("run", default="last")
@click.argument("assets", nargs=-1, metavar="[ASSET]...")
@click.option("--partition", multiple=True, metavar="KEY", help="Of these partitions only; may be repeated.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@project_options
def logs(
    run: str, assets: tuple[str, ...], partition: tuple[str, ...], follow: bool, project: Path, profile: str | None
) -> None:
    """Show what functions printed in RUN: an id, the beginning of one, or `last`. With ASSET only what those printed.

    Standard output, standard error and log records are kept for the last fifty runs, also of runs that were killed.
    """
    from flowstone.runner.history.entries import find
    from flowstone.runner.history.history import History
    from flowstone.runner.session import LOGS

    home = settings_of(project, profile).home
    with History(home) as history:
        entry = find(history, run)
        folder = home / LOGS / entry.id
        if follow:
            _follow(history, entry.id, folder, assets, partition)
        else:
            _show(folder, assets, partition)


def _show(folder: Path, assets: tuple[str, ...], partitions: tuple[str, ...]) -> None:
    from flowstone.runner.logs import sections
    from flowstone.runner.text import head_name

    found = [section for section in sections(folder) if _is_wanted(section.head, assets, partitions)]
    for section in found:
        if len(found) > 1:
            click.echo(f"== {head_name(section.head)}")
        _print(section.read())
    if not found:
        click.echo("nothing was printed", err=True)


def _print(pieces: Iterable[bytes]) -> None:
    """Without control characters, which a terminal would obey."""
    from flowstone.diagnostics.terminal import printable

    last = "\n"
    for piece in pieces:
        text = printable(piece.decode("utf-8", "replace"))
        sys.stdout.write(text)
        last = text[-1]
    if last != "\n":
        sys.stdout.write("\n")


def _follow(history: History, run_id: str, folder: Path, assets: tuple[str, ...], partitions: tuple[str, ...]) -> None:
    from flowstone.diagnostics.terminal import printable
    from flowstone.runner.history.entries import find
    from flowstone.runner.logs import Follower
    from flowstone.runner.text import head_name

    follower = Follower(folder)
    while True:
        ended = find(history, run_id).status != "running"
        for head, text in follower.poll():
            if _is_wanted(head, assets, partitions):
                click.echo(f"{head_name(head)} | {printable(text)}")
        if ended:
            return
        time.sleep(_PAUSE)


def _is_wanted(head: Head, assets: tuple[str, ...], partitions: tuple[str, ...]) -> bool:
    return (not assets or head.step in assets) and (not partitions or head.partition in partitions)
