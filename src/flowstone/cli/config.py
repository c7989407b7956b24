"""``flowstone config``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options, settings_of
from flowstone.diagnostics.terminal import printable
from flowstone.frontend.secrets import looks_secret

if TYPE_CHECKING:
    from flowstone.config import Settings

REDACTED = "***"
"""Stands for a secret that was written down."""


@click.group("config")
def config() -> None:
    """Show the configuration."""


@config.command("show")
@project_options
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(project: Path, profile: str | None, output_format: str) -> None:
    """Print every resolved value and where it comes from."""
    settings = settings_of(project, profile)
    rows = list(_rows(settings))
    if output_format == "json":
        click.echo(json.dumps({key: {"value": value, "origin": origin} for key, value, origin in rows}, indent=2))
        return
    texts = [(printable(key), _text(value), origin) for key, value, origin in rows]
    widths = [max(len(row[column]) for row in texts) for column in (0, 1)]
    for key, value, origin in texts:
        click.echo(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {printable(origin)}")


@config.command("schema")
def schema() -> None:
    """Print the JSON schema of flowstone.toml, for editors."""
    from flowstone.config.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _rows(settings: Settings) -> Iterator[tuple[str, Any, str]]:
    for key, value in _flat("", settings.to_json()):
        yield key, _redacted(key.rpartition(".")[2], value), settings.origins.get(key, "default")


def _redacted(name: str, value: Any) -> Any:
    """The value without what looks like a secret that was written down."""
    if isinstance(value, dict):
        return {key: _redacted(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(name, item) for item in value]
    return REDACTED if looks_secret(name, value) else value


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values by dotted key. Options and parameters whose value is a table are one value."""
    for key, value in table.items():
        if isinstance(value, dict) and prefix in ("", "io_managers.", "params.", "per_path_severity."):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))
