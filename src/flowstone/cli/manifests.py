"""Manifests that worker processes read, in the cache: one for each state of a project that was run."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.ir.project import Project

KEPT = 20
"""So many stay, the last ones that were written,"""
AGE = 7 * 24 * 3600
"""and all that are younger than so many seconds: a run that goes on may start another worker."""
_NAME = re.compile(r"[0-9a-f]{64}\.json")


def write_manifest(project: Project, settings: Settings, name: str | None = None) -> Path:
    """Write the manifest that worker processes read, and return its path. Errors: UsageError if that fails.

    One with a name is nobody else's: whoever has it written may remove it.
    """
    from flowstone.ir.manifest import make_manifest

    manifest = make_manifest(project, None)
    folder = settings.cache_folder / "manifests"
    path = folder / f"{name or manifest.digest.removeprefix('sha256:')}.json"
    text = manifest.text()
    if not _has(path, text):
        _write(path, text)
        _forget(folder)
    return path


def _has(path: Path, text: str) -> bool:
    """Whether a file has a text: one that a power cut has torn is written anew."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    from flowstone.errors import UsageError

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _forget(folder: Path) -> None:
    """Remove manifests that nobody needs any more. One that is missed is written again by the next run."""
    with suppress(OSError):
        found = [(path.stat().st_mtime, path) for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        for written, path in sorted(found, reverse=True)[KEPT:]:
            if time.time() - written > AGE:
                path.unlink(missing_ok=True)
