"""What commands share: common options, loading a project, and how errors are told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowstone.diagnostics.terminal import error_text
from flowstone.errors import FlowStoneError, UsageError

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.frontend import Loaded

F = TypeVar("F", bound=Callable[..., Any])

_HIDE = "flowstone.hide"
"""Where a command's context keeps what takes secrets out of a text."""
EXIT_FINDINGS = 1
EXIT_USAGE = 2


def project_options(command: F) -> F:
    """``--project`` and ``--profile``, which every command that reads a project takes."""
    command = click.option(
        "-C",
        "--project",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        show_default="the current folder",
        help="Folder of the project, or one below it.",
    )(command)
    return click.option("--profile", metavar="NAME", help="Profile of the configuration.")(command)


def settings_of(project: Path, profile: str | None) -> Settings:
    """The configuration of a project. Errors: ConfigurationError."""
    from flowstone.config import load_settings

    return load_settings(project, profile=profile)


def sound_project(settings: Settings) -> Loaded:
    """Load and check a project for a command that acts on it.

    Findings are printed to stderr; if there is an error among them the process exits 1 and nothing is done.
    """
    from flowstone.checks import run_checks
    from flowstone.diagnostics.diagnostic import Severity
    from flowstone.diagnostics.render_text import render_text
    from flowstone.frontend import load

    loaded = load(settings)
    findings = run_checks(loaded, settings)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        click.echo(render_text(errors, loaded.sources), err=True, nl=False)
        click.echo(f"Nothing was done: {len(errors)} error{'s' * (len(errors) != 1)}.", err=True)
        raise SystemExit(EXIT_FINDINGS)
    return loaded


def hide_secrets(ctx: click.Context, hide: Callable[[str], str]) -> None:
    """Have secrets taken out of what the command says when it fails."""
    ctx.meta[_HIDE] = hide


def report_error(error: FlowStoneError, ctx: click.Context | None = None) -> int:
    """Print an error in one or two lines, and return the exit code that goes with it."""
    hide: Callable[[str], str] = str if ctx is None else ctx.meta.get(_HIDE, str)
    sys.stderr.write(hide(error_text(error)))
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FINDINGS
