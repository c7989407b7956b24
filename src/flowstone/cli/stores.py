"""What the commands share that look at what is stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import hide_secrets, settings_of, sound_project

if TYPE_CHECKING:
    from flowstone.runtime.workspace import Workspace


def workspace_of(project: Path, profile: str | None) -> Workspace:
    """The project, ready to look into its stores; nothing of the user's code is imported.

    Errors: ConfigurationError. Exits 1 with the findings if the project has errors.
    """
    from flowstone.runtime.workspace import Workspace

    settings = settings_of(project, profile)
    workspace = Workspace(sound_project(settings).project, settings.root.absolute(), os.environ)
    hide_secrets(click.get_current_context(), workspace.hide)
    return workspace


def place(asset: str, partition: str | None) -> str:
    """``asset``, or ``asset[partition]``."""
    return asset if partition is None else f"{asset}[{partition}]"


def to_json(value: Any) -> str:
    """A document as the commands print it."""
    import json

    return json.dumps(value, indent=2)
