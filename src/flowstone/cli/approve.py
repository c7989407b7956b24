"""``flowstone approve``, ``flowstone reject`` and ``flowstone decisions``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.stores import place, to_json, workspace_of

if TYPE_CHECKING:
    from flowstone.runtime.decisions import Decision, Event
    from flowstone.runtime.workspace import Workspace

_WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the log of decisions.")
_PARTITION = click.option("--partition", metavar="KEY", help="The partition, of a partitioned asset.")


@click.command("approve")
@click.argument("asset")
@_PARTITION
@_WHY
@project_options
def approve(asset: str, partition: str | None, why: str, project: Path, profile: str | None) -> None:
    """Approve the value of ASSET that waits: the next run publishes it and goes on.

    Who decided, when and why is kept in the log of decisions: see ``flowstone decisions``.
    """
    _decide(workspace_of(project, profile), asset, partition, "approved", why)


@click.command("reject")
@click.argument("asset")
@_PARTITION
@_WHY
@project_options
def reject(asset: str, partition: str | None, why: str, project: Path, profile: str | None) -> None:
    """Reject the value of ASSET that waits: the next run drops it, and what needs it is skipped.

    That holds until the asset would be made from something else: other code, configuration or inputs.
    """
    _decide(workspace_of(project, profile), asset, partition, "rejected", why)


@click.command("decisions")
@click.option("--waiting", is_flag=True, help="Only what nobody has decided about yet.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def decisions(waiting: bool, output_format: str, project: Path, profile: str | None) -> None:
    """Show what had to be approved: who decided, when and why, whichever engine ran."""
    from flowstone.runtime.decisions import decisions_of

    log = decisions_of(workspace_of(project, profile))
    found = [item for item in log.last().values() if item.event == "asked"] if waiting else list(log.all())
    if output_format == "json":
        click.echo(to_json([item.to_builtins() for item in found]))
        return
    for item in found:
        click.echo(_line(item))
    if not found:
        click.echo("nothing waits" if waiting else "nothing was asked yet", err=True)


def _decide(workspace: Workspace, name: str, partition: str | None, event: Event, why: str) -> None:
    """Errors: UsageError if nothing waits there, or for somebody who may not decide."""
    from flowstone.errors import UsageError
    from flowstone.runtime.decisions import decisions_of, told, user

    log = decisions_of(workspace)
    asset, key = _place(workspace, name, partition)
    asked = log.last().get((asset, key))
    if asked is None or asked.event != "asked":
        held = f": {told(asked)}" if asked is not None and asked.event != "not asked" else ""
        raise UsageError(f"nothing of {place(asset, key)} waits{held}", help="flowstone decisions --waiting")
    if asked.approvers and user() not in asked.approvers:
        raise UsageError(f"{user()} may not decide about {asset}", help=f"ask {', '.join(asked.approvers)}")
    if asked.is_over:
        raise UsageError(
            f"the time to decide about {place(asset, key)} is over", help="the next run goes by on_timeout="
        )
    click.echo(_line(log.answer(asked, event, user(), why)))


def _place(workspace: Workspace, name: str, partition: str | None) -> tuple[str, str | None]:
    """The asset's id and the key as it is stored. Errors: UsageError."""
    from flowstone.dsl.partitions import PartitionKeyError
    from flowstone.errors import UsageError

    found = workspace.project.named.get(name, ())
    if len(found) != 1:
        which = f"can be any of {', '.join(item.id for item in found)}" if found else "is no asset"
        raise UsageError(f"{name!r} {which}", help="flowstone decisions --waiting")
    asset = found[0]
    if asset.partitions is None or partition is None:
        if asset.partitions is not None or partition is not None:
            raise UsageError(f"{asset.id} is {'' if asset.partitions else 'not '}partitioned", help="see --partition")
        return asset.id, None
    try:
        return asset.id, workspace.key(asset.partitions, partition).text
    except PartitionKeyError as error:
        raise UsageError(str(error)) from error


def _line(item: Decision) -> str:
    parts: list[Any] = [f"{item.at:%Y-%m-%d %H:%M:%S}", place(item.asset, item.partition), item.event]
    parts += [f"by {item.by}" if item.by else "", item.why or (item.message if item.event == "asked" else "")]
    return "  ".join(str(part) for part in parts if part)
