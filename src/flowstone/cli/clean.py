"""``flowstone clean``."""

from __future__ import annotations

from pathlib import Path

import click

from flowstone.cli.common import project_options
from flowstone.cli.stores import workspace_of


@click.command("clean")
@project_options
def clean(project: Path, profile: str | None) -> None:
    """Remove what attempts that died before they published have left in the configured stores.

    No stored value, no record and nothing that a living process writes is touched.
    """
    workspace = workspace_of(project, profile)
    for name in sorted(workspace.project.io_managers):
        removed = workspace.manager(name).clean()
        click.echo(f"{name}: {removed:,} removed")
