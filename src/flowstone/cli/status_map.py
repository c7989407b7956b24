"""The map of partitions that ``flowstone status --map`` prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from flowstone.diagnostics.terminal import printable
from flowstone.runner.heat import STATES, Cell, HeatMap, heat_map

if TYPE_CHECKING:
    from flowstone.dsl.partitions import PartitionKey
    from flowstone.ir.asset import Asset
    from flowstone.runtime.reasons import Place
    from flowstone.runtime.standing import Standing
    from flowstone.runtime.workspace import Workspace

MOST = 40
"""Rows of one asset's map, unless all are asked for."""
_LABEL = 40
"""Characters of a row's label."""
_STYLES: Mapping[str, dict[str, Any]] = {
    "current": {"fg": "green"},
    "outdated": {"fg": "yellow"},
    "failed": {"fg": "red", "bold": True},
    "damaged": {"fg": "magenta"},
    "left out": {"dim": True},
    "missing": {"dim": True},
}
_WORDS = {"current": "up to date"}
_HEIGHTS = "▁▂▃▄▅▆▇█"


def print_maps(workspace: Workspace, found: Mapping[str, Sequence[Standing]], *, everything: bool) -> None:
    """Print a map for each partitioned asset; all rows go through a pager if there is a terminal."""
    assets = [workspace.project.assets[name] for name in found if workspace.project.assets[name].partitions is not None]
    coloured = _has_colours()
    failed = _failures(workspace)
    lines = [line for asset in assets for line in _map_lines(asset, found[asset.id], failed, everything, coloured)]
    if not lines:
        return
    text = "\n".join([*lines, _legend(coloured)])
    if everything and sys.stdout.isatty():
        click.echo_via_pager(text, color=coloured)
    else:
        click.echo(text, color=coloured)


def _map_lines(
    asset: Asset, standings: Sequence[Standing], failed: frozenset[Place], everything: bool, coloured: bool
) -> Iterator[str]:
    assert asset.partitions is not None
    stored = {item.partition: item.state for item in standings}
    keys = list(asset.partitions.keys(datetime.now(UTC)))
    known = [(key, _state(asset, key, stored, failed)) for key in keys]
    made = heat_map(asset.partitions, known, None if everything else MOST)
    yield f"{asset.id}: {', '.join(_count(state, known) for state in STATES if any(state == s for _, s in known))}"
    yield from _rows(made, coloured)
    if made.left:
        yield f"  and {made.left:,} more rows (--all shows them)"


def _state(asset: Asset, key: PartitionKey, stored: Mapping[str | None, str], failed: frozenset[Place]) -> str:
    state = stored.get(key.text, "missing")
    return "failed" if state in ("missing", "outdated") and (asset.step, key.text) in failed else state


def _count(state: str, known: Sequence[tuple[PartitionKey, str]]) -> str:
    return f"{sum(found == state for _, found in known):,} {_WORDS.get(state, state)}"


def _rows(made: HeatMap, coloured: bool) -> Iterator[str]:
    labels = [printable(label)[:_LABEL] for label, _ in made.rows]
    width = max(map(len, labels), default=0)
    for label, (_, cells) in zip(labels, made.rows, strict=True):
        drawn = _coloured(cells) if coloured else "".join(" " if cell is None else cell.letter for cell in cells)
        yield f"  {label:<{width}}  {drawn}"


def _coloured(cells: Sequence[Cell | None]) -> str:
    """Neighbours of one colour are one piece."""
    pieces = []
    for state, alike in groupby(cells, key=lambda cell: None if cell is None else cell.worst):
        text = "".join(" " if cell is None else _block(cell) for cell in alike)
        pieces.append(text if state is None else _styled(text, state))
    return "".join(pieces)


def _block(cell: Cell) -> str:
    return "■" if len(cell.counts) == 1 else _HEIGHTS[int(cell.share * (len(_HEIGHTS) - 1))]


def _styled(text: str, state: str) -> str:
    return click.style(text, **_STYLES[state])


def _legend(coloured: bool) -> str:
    if coloured:
        return "  ".join(f"{_styled('■', state)} {_WORDS.get(state, state)}" for state in STATES)
    letters = "  ".join(f"{letter} {_WORDS.get(state, state)}" for state, letter in STATES.items())
    return f"{letters}  0-9 tenths of several that are up to date"


def _has_colours() -> bool:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and encoding == "utf8"


def _failures(workspace: Workspace) -> frozenset[Place]:
    """What failed in its last run here. A history that there is not is not made."""
    from flowstone.config.environment import state_folder
    from flowstone.runner.history.database import FILE_NAME
    from flowstone.runner.history.entries import failures
    from flowstone.runner.history.history import History

    home = state_folder(workspace.root, workspace.environment)
    if not (home / FILE_NAME).exists():
        return frozenset()
    with History(home) as history:
        return failures(history, workspace.project.profile)
