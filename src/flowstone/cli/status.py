"""``flowstone status``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.selection import Selection, selection_options
from flowstone.cli.stores import place, to_json, workspace_of

if TYPE_CHECKING:
    from flowstone.ir.project import Project
    from flowstone.runtime.standing import Standing

SHOWN = 10
"""Lines of reasons that are printed for one asset without ``--all``."""


@click.command("status")
@selection_options()
@click.option("--all", "everything", is_flag=True, help="A line for every stored value, also for those up to date.")
@click.option("--map", "mapped", is_flag=True, help="Show all partitions as a map.")
@project_options
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(
    selection: Selection,
    everything: bool,
    mapped: bool,
    project: Path,
    profile: str | None,
    output_format: str,
) -> None:
    """Show what is stored of the assets that SELECTION means (default: all), whichever engine made it.

    A value is up to date if a run would reuse it: its code, its configuration and its inputs are those of its record. A
    value that is outdated, damaged or missing comes with the reason. Nothing is run, and the exit code is 0.

    --map draws the partitions of each asset, in colours on a terminal and in letters elsewhere. Where there are many, a
    cell stands for a day, a month or several keys; --all draws each, in a pager if there is a terminal.
    """
    from flowstone.runtime.registry import know_registries
    from flowstone.runtime.standing import standings

    if mapped and output_format != "text":
        raise click.UsageError("--map is drawn as text; --output-format json has each partition")
    workspace = workspace_of(project, profile)
    assets = selection.assets(workspace)
    know_registries(workspace, {workspace.project.assets[asset].step for asset in assets})
    found: dict[str, list[Standing]] = {asset: [] for asset in assets}
    for item in standings(workspace, assets):
        found[item.asset].append(item)
    if output_format == "json":
        click.echo(to_json([_json(item) for items in found.values() for item in items]))
        return
    click.echo(_table(workspace.project, found))
    if mapped:
        from flowstone.cli.status_map import print_maps

        print_maps(workspace, found, everything=everything)
        return
    for items in found.values():
        for line in _lines(items, everything=everything):
            click.echo(line)


def _table(project: Project, found: dict[str, list[Standing]]) -> str:
    from flowstone.runner.text import aligned, bytes_text
    from flowstone.runtime.standing import expected

    now = datetime.now(UTC)
    rows: list[tuple[str, ...]] = [("asset", "stored", "up to date", "rows", "size", "last made", "by")]
    for asset, items in found.items():
        records = [item.record for item in items if item.record is not None]
        count = expected(project.assets[asset], now)
        last = max(records, key=lambda record: record.finished_at, default=None)
        current = sum(item.state == "current" for item in items)
        rows.append(
            (
                asset,
                f"{len(records):,}" if count is None else f"{len(records):,} of {count:,}",
                f"{current:,}",
                _rows(records),
                bytes_text(sum(record.size for record in records)) if records else "-",
                f"{last.finished_at:%Y-%m-%d %H:%M}Z" if last else "-",
                last.engine if last else "-",
            )
        )
    return aligned(rows)


def _rows(records: list[Any]) -> str:
    counts = [(record.metadata.get("content") or {}).get("rows") for record in records]
    known = [count for count in counts if isinstance(count, int)]
    return f"{sum(known):,}" if known else "-"


def _lines(items: list[Standing], *, everything: bool) -> list[str]:
    told = [item for item in items if everything or item.state not in ("current", "missing") or item.reasons]
    lines = [
        f"{place(item.asset, item.partition)}: {item.state.replace('current', 'up to date')}"
        + (f" ({'; '.join(item.reasons)})" if item.reasons else "")
        for item in told
    ]
    if everything or len(lines) <= SHOWN:
        return lines
    return [*lines[:SHOWN], f"{items[0].asset}: and {len(lines) - SHOWN} more (--all shows them)"]


def _json(item: Standing) -> dict[str, Any]:
    return {
        "asset": item.asset,
        "partition": item.partition,
        "state": item.state,
        "reasons": list(item.reasons),
        "record": None if item.record is None else item.record.to_builtins(),
    }
