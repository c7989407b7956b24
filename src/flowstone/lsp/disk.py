"""What lies on disk, looked at anew: which project a file belongs to, and what has changed since the last look."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from pathlib import Path

from flowstone.config.files import FLOWSTONE_TOML, PYPROJECT, find_config
from flowstone.config.model import Settings
from flowstone.errors import ConfigurationError
from flowstone.frontend.files import UnreadableError, importable, source_files, would_be_found

Stamp = tuple[int, int] | None
"""Time of the last change and size of a file; None if it is not there."""


def project_of(start: Path) -> Path | None:
    """The folder of the project that a folder lies in, whether its configuration is sound or not; None outside."""
    try:
        return find_config(start).path.parent
    except ConfigurationError:
        folder = start.resolve()
        return next((item for item in (folder, *folder.parents) if _is_configured(item)), None)


def _is_configured(folder: Path) -> bool:
    if (folder / FLOWSTONE_TOML).is_file():
        return True
    try:
        return b"flowstone" in (folder / PYPROJECT).read_bytes()
    except OSError:
        return False


def config_files(root: Path) -> list[Path]:
    """Where a project's configuration may stand."""
    return [root / FLOWSTONE_TOML, root / PYPROJECT]


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """How each of the files is now."""
    return {path: _stamp(path) for path in paths}


def listed(settings: Settings) -> set[Path]:
    """The source files that there are now. A source that cannot be searched has none: reading it tells why."""
    found: set[Path] = set()
    for source in settings.sources:
        try:
            found.update(source_files(Path(os.path.abspath(settings.root / source))))  # noqa: PTH100 - as the loader
        except UnreadableError:
            continue
    return found


def importable_beside(folders: Iterable[Path], sources: Set[Path]) -> dict[Path, frozenset[str]]:
    """What could be imported from each folder, the sources and the folders that hold them left out."""
    known = set(sources).union(*(path.parents for path in sources))
    return {folder: frozenset(name for name in importable(folder) if folder / name not in known) for folder in folders}


def would_be_listed(settings: Settings, path: Path) -> bool:
    """Whether a file would be a source file if there were one."""
    starts = (Path(os.path.abspath(settings.root / source)) for source in settings.sources)  # noqa: PTH100
    return any(would_be_found(path, start) for start in starts)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
