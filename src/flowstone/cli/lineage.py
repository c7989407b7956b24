"""``flowstone lineage``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.stores import place, to_json, workspace_of

if TYPE_CHECKING:
    from flowstone.io.record import Record
    from flowstone.runtime.lineage import Link
    from flowstone.runtime.stored import Stored


@click.command("lineage")
@click.argument("asset")
@click.option("--partition", metavar="KEY", help="The partition, of a partitioned asset.")
@click.option("--down", is_flag=True, help="What was made of it, in place of what it was made of.")
@click.option("--depth", type=click.IntRange(min=0), help="Steps to follow. Default: all.")
@project_options
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def lineage(
    asset: str,
    partition: str | None,
    down: bool,
    depth: int | None,
    project: Path,
    profile: str | None,
    output_format: str,
) -> None:
    """Show which stored values an ASSET was made of, and those in turn, by their versions.

    It is read from the records beside the data, whichever engine made them.
    """
    from flowstone.runtime.lineage import downstream, upstream
    from flowstone.runtime.stored import Stored

    stored = Stored(workspace_of(project, profile))
    record = _record(stored, asset, partition)
    links = (downstream if down else upstream)(stored, record, depth)
    if output_format == "json":
        click.echo(to_json([_json(link) for link in links]))
        return
    for line in _lines(links):
        click.echo(line)


def _record(stored: Stored, asset: str, partition: str | None) -> Record:
    """The record of what is asked for. Errors: UsageError if there is none."""
    from flowstone.diagnostics.suggest import did_you_mean
    from flowstone.errors import UsageError

    project = stored.workspace.project
    ids = [item.id for item in project.assets.values() if asset in (item.id, item.name)]
    if len(ids) != 1:
        what = f"there are several assets {asset!r}: {', '.join(ids)}" if ids else f"there is no asset {asset!r}"
        raise UsageError(what, help=did_you_mean(asset, project.assets))
    found = stored.of(ids[0])
    if partition in found.damaged:
        raise UsageError(found.damaged[partition], help=f"make it again: flowstone run {ids[0]} --force")
    if partition in found.records:
        return found.records[partition]
    texts = [text for text in found.records if text is not None]
    if partition is None and texts:
        raise UsageError(f"{ids[0]} is partitioned: say which partition", help=f"--partition {texts[-1]}")
    hint = did_you_mean(partition, texts) if partition else f"make it first: flowstone run {ids[0]}"
    raise UsageError(f"nothing is stored of {place(ids[0], partition)}", help=hint)


def _lines(links: Iterator[Link]) -> Iterator[str]:
    for link in links:
        parts = [f"{'  ' * link.depth}{place(link.asset, link.partition)}", link.data_version[:19]]
        if link.record is None:
            parts.append("(not stored any more)")
        elif link.replaced:
            parts.append(f"(replaced since by {link.record.data_version[:19]})")
        else:
            made = link.record
            parts.append(f"{made.finished_at:%Y-%m-%d %H:%M:%S}Z {made.engine} {made.run_id}")
        if link.repeated:
            parts.append("(see above)")
        yield "  ".join(parts)


def _json(link: Link) -> dict[str, Any]:
    return {
        "depth": link.depth,
        "asset": link.asset,
        "partition": link.partition,
        "data_version": link.data_version,
        "stored_version": None if link.record is None else link.record.data_version,
        "run_id": None if link.record is None or link.replaced else link.record.run_id,
        "engine": None if link.record is None or link.replaced else link.record.engine,
        "finished_at": None if link.record is None or link.replaced else link.record.finished_at.isoformat(),
        "repeated": link.repeated,
    }
