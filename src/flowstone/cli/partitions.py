"""``flowstone partitions``: the registries of dynamic partitions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options
from flowstone.cli.stores import to_json, workspace_of
from flowstone.diagnostics.excerpt import printable
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.dsl.partitions import PartitionKey
    from flowstone.runtime.registry import Registry
    from flowstone.runtime.workspace import Workspace

_FORMAT = click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group("partitions")
def partitions() -> None:
    """List, add and remove the keys of dynamic partitions.

    They lie in the store that partitions_io_manager names, where all engines read them.
    """


@partitions.command("list")
@click.argument("registry", required=False)
@_FORMAT
@project_options
def list_(registry: str | None, output_format: str, project: Path, profile: str | None) -> None:
    """Print the keys of REGISTRY; without it the registries, with how many keys they have and what they partition."""
    from flowstone.ir.registries import users_of
    from flowstone.runtime.registry import Registry

    workspace = workspace_of(project, profile)
    if registry is not None:
        _print_keys(Registry(workspace, registry).keys(), output_format)
        return
    found = [
        (
            name,
            len(Registry(workspace, name).keys()),
            sorted(asset for step in users_of(workspace.project, name) for asset in step.outputs.values()),
        )
        for name in workspace.project.registries
    ]
    if output_format == "json":
        click.echo(to_json([{"registry": name, "keys": count, "assets": assets} for name, count, assets in found]))
        return
    for name, count, assets in found:
        click.echo(f"{name}  {count:,} key{'s' * (count != 1)}: {', '.join(assets)}")
    if not found:
        click.echo("no asset has dynamic partitions", err=True)


@partitions.command("add")
@click.argument("registry")
@click.argument("keys", nargs=-1, required=True)
@_FORMAT
@project_options
def add(registry: str, keys: tuple[str, ...], output_format: str, project: Path, profile: str | None) -> None:
    """Add KEYS to REGISTRY. One that is there already stays as it is."""
    from datetime import UTC, datetime

    from flowstone.dsl.partitions import PartitionKeyError
    from flowstone.runtime.run import Run

    found = _registry(workspace_of(project, profile), registry)
    given = _parsed(keys)
    try:
        added = found.add(given, Run(f"added-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}", "local"))
    except PartitionKeyError as error:
        raise UsageError(str(error)) from error
    _print_keys(added, output_format)
    if len(added) < len(given):
        click.echo(f"{len(given) - len(added):,} of {len(given):,} were there already", err=True)


@partitions.command("remove")
@click.argument("registry")
@click.argument("keys", nargs=-1, required=True)
@_FORMAT
@project_options
def remove(registry: str, keys: tuple[str, ...], output_format: str, project: Path, profile: str | None) -> None:
    """Remove KEYS from REGISTRY: no run makes their partitions any more. What is stored of them stays.

    The exit code is 1 if the registry had not all of them.
    """
    from flowstone.diagnostics.suggest import did_you_mean

    found = _registry(workspace_of(project, profile), registry)
    known = {key.text: key for key in found.keys()}  # noqa: SIM118 - no mapping
    given = _parsed(keys)
    removed = found.remove(key for key in given if key.text in known)
    _print_keys(removed, output_format)
    lacking = [key for key in given if key.text not in known]
    for key in lacking:
        near = did_you_mean(key.key, [item.key for item in known.values()])
        hint = f"; {near}" if near else ""
        click.echo(printable(f"the registry {registry!r} has no key {key.key!r}{hint}"), err=True)
    if lacking:
        raise SystemExit(EXIT_FINDINGS)


def _registry(workspace: Workspace, name: str) -> Registry:
    """The registry. Errors: ConfigurationError; UsageError if what is changed would be forgotten."""
    from flowstone.runtime.registry import Registry

    found = Registry(workspace, name)
    if not found.is_durable:
        raise UsageError(
            f"the keys of {name!r} are kept in the memory of a process",
            help="name another IO manager by partitions_io_manager",
        )
    return found


def _parsed(keys: Iterable[str]) -> list[PartitionKey]:
    """The keys, each once. Errors: UsageError for what cannot be a key."""
    from flowstone.dsl.dynamic_partitions import dynamic_key
    from flowstone.dsl.partitions import PartitionKeyError

    try:
        found = [dynamic_key(key) for key in keys]
    except PartitionKeyError as error:
        raise UsageError(str(error)) from error
    return list({key.text: key for key in found}.values())


def _print_keys(keys: Iterable[PartitionKey], output_format: str) -> None:
    """One line for each: its canonical text, and how it is written if that differs."""
    if output_format == "json":
        found: list[dict[str, Any]] = [{"key": key.key, "text": key.text} for key in keys]
        click.echo(to_json(found))
        return
    for key in keys:
        click.echo(key.text if key.key == key.text else f"{key.text}  {printable(key.key)}")
