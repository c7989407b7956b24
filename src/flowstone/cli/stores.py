"""What the commands share that look at what is stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import hide_secrets, settings_of, sound_project
from flowstone.cli.project_cache import ProjectCache

if TYPE_CHECKING:
    from flowstone.runtime.workspace import Workspace


def workspace_of(project: Path, profile: str | None, *, whole: bool = False) -> Workspace:
    """The project, ready to look into its stores; nothing of the user's code is imported.

    It is the one that the last run has kept, if nothing has changed since, unless the ``whole`` is needed: also what
    ``check`` alone reads.

    Errors: ConfigurationError. Exits 1 with the findings if the project has errors.
    """
    from flowstone.ir.light_pydantic import without_plugins
    from flowstone.runtime.workspace import Workspace

    settings = settings_of(project, profile)
    with without_plugins():
        known = None if whole else ProjectCache(settings).get()
        ir = sound_project(settings).project if known is None else known[0]
    workspace = Workspace(ir, settings.root.absolute(), os.environ)
    hide_secrets(click.get_current_context(), workspace.hide)
    return workspace


def place(asset: str, partition: str | None) -> str:
    """``asset``, or ``asset[partition]``."""
    return asset if partition is None else f"{asset}[{partition}]"


def to_json(value: Any) -> str:
    """A document as the commands print it."""
    import json

    return json.dumps(value, indent=2)
