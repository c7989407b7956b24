"""``flowstone check --watch``: the same check again whenever a file of the project has changed.

Each check is a process of its own: it takes what has not changed out of the cache, and leaves nothing behind.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from flowstone.config.files import FLOWSTONE_TOML, PYPROJECT
from flowstone.errors import MissingExtraError, UsageError
from flowstone.frontend.files import SKIPPED_FOLDERS

_FIRST = 200
"""Milliseconds from the start of watching to the first check, which so misses no change."""


def watch(root: Path, arguments: Sequence[str]) -> None:
    """Run ``flowstone`` with these arguments now and after every change below a folder, until Ctrl-C.

    Errors: MissingExtraError without the package that watches, UsageError if the folder cannot be watched.
    """
    try:
        import watchfiles
    except ImportError:
        raise MissingExtraError("--watch", "watch") from None
    fits = project_files(root)
    changes = watchfiles.watch(
        root,
        watch_filter=lambda _, path: fits(path),
        yield_on_timeout=True,
        rust_timeout=_FIRST,
        ignore_permission_denied=True,
    )
    try:
        is_first = True
        for changed in changes:
            if changed or is_first:
                is_first = False
                _check(root, arguments)
    except OSError as error:
        raise UsageError(f"{root} cannot be watched: {error}") from None


def _check(root: Path, arguments: Sequence[str]) -> None:
    click.clear()
    # In a session of its own, so that Ctrl-C is for this process alone.
    command = [sys.executable, "-m", "flowstone", *arguments]
    with subprocess.Popen(command, start_new_session=True) as process:  # noqa: S603 - ourselves
        try:
            process.wait()
        except KeyboardInterrupt:
            process.kill()
            raise
    click.echo(f"Watching {root} for changes; Ctrl-C ends it.", err=True)


def project_files(root: Path) -> Callable[[str], bool]:
    """Whether a check may depend on a file: Python files and the configuration, hidden and foreign folders left out."""

    def fits(path: str) -> bool:
        relative = Path(path).relative_to(root)
        if any(part.startswith(".") or part in SKIPPED_FOLDERS for part in relative.parts):
            return False
        return relative.suffix == ".py" or relative.name in (FLOWSTONE_TOML, PYPROJECT)

    return fits
