"""What the result of ``check`` depends on besides the text of the sources, as digests and listings.

Little is imported here but the standard library: a warm ``check`` takes a moment only.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.__about__ import __version__
from flowstone.cli.plugin_files import plugin_places
from flowstone.cli.project_files import ProjectFiles
from flowstone.config.model import Settings
from flowstone.frontend.files import SKIPPED_FOLDERS, importable, may_be_package

_FORMAT = 6
Listings = dict[str, list[str]]
"""Files or names in folders, by the path of the folder."""


def surroundings(settings: Settings) -> str:
    """Digest of all that the result depends on besides the content of the files that were read."""
    return look(settings).digest


class Look(Struct, frozen=True):
    """What surrounds the files of a project."""

    without_files: str
    """Digest of all that the result depends on besides the user's files."""
    listings: dict[str, Listings]
    """Which files there are: below the sources, and in the import roots, where a new one may take a name."""
    digest: str
    """Of both."""


def look(settings: Settings) -> Look:
    """What surrounds the files of a project now. Errors: OSError."""
    apart, listed = _without_files(settings), _listings(settings)
    return Look(apart, listed, digest([apart, listed]))


def _without_files(settings: Settings) -> str:
    return digest(
        [
            _FORMAT,
            __version__,
            sys.version,
            settings.to_json(),
            [(path, _modified(path)) for path in _tree(Path(__file__).parent.parent)],
            [_modified(folder) for folder in sys.path if folder.endswith("-packages")],
            [(path, _modified(path)) for path in _plugins(settings)],
            None if settings.config_file is None else ProjectFiles(settings.root).digest(str(settings.config_file)),
        ]
    )


def _plugins(settings: Settings) -> Iterator[str]:
    for place in plugin_places(item.type for item in settings.io_managers.values()):
        yield place
        yield from _tree(Path(place))


def _listings(settings: Settings) -> dict[str, Listings]:
    roots: Listings = {}
    for root in settings.import_roots:
        roots[root] = importable(settings.root / root)
        for entry in _entries(settings.root / root):
            if may_be_package(entry):
                roots[f"{root}/{entry.name}"] = importable(entry.path)
    return {"sources": {source: list(_tree(settings.root / source)) for source in settings.sources}, "roots": roots}


def source_changes(
    root: Path, now: dict[str, Listings], before: dict[str, Listings], beside: Listings
) -> tuple[set[str], set[str]] | None:
    """The source files that were added and removed since, by path; None if that is not all that is new.

    ``beside`` are further folders, with what could be imported from them: a file in one of them may take a name.
    """
    then, there = (_files(root, found["sources"]) for found in (before, now))
    moved = then ^ there
    known = {**before["roots"], **beside}
    current = {**now["roots"], **{folder: importable(root / folder.lstrip("/")) for folder in beside}}
    for folder in known.keys() | current.keys():
        if not set(known.get(folder, ())) ^ set(current.get(folder, ())) <= _names_in(folder, moved):
            return None
    return there - then, then - there


def _files(root: Path, listed: Listings) -> set[str]:
    return {os.path.relpath(path, root).replace(os.sep, "/") for paths in listed.values() for path in paths}


def _names_in(folder: str, paths: Iterable[str]) -> set[str]:
    """The names in a folder that lead to files."""
    folder = os.path.normpath(folder.strip("/") or ".").replace(os.sep, "/")
    start = "" if folder == "." else f"{folder}/"
    return {path.removeprefix(start).partition("/")[0] for path in paths if path.startswith(start)}


def _tree(start: Path) -> Iterator[str]:
    """The Python files at or below a path, hidden and foreign folders left out."""
    pending, seen = [str(start)], set()
    while pending:
        folder = pending.pop()
        real = os.path.realpath(folder)
        entries = [] if real in seen else _entries(folder)
        seen.add(real)
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
                continue
            if entry.is_dir():
                pending.append(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - a Path for each of hundreds of files takes longer than this
    except OSError:
        return 0


def contents(files: ProjectFiles, paths: Iterable[str]) -> dict[str, Any]:
    """Digests of files, and what is in their folders and in those that are among the paths, which end with a slash.

    Errors: OSError.
    """
    paths = list(paths)
    found: dict[str, Any] = {path: files.digest(path) for path in paths if not path.endswith("/")}
    return found | folders(files.root, paths)


def folders(root: Path, paths: Iterable[str]) -> dict[str, list[str]]:
    """What is in the folders of files, and in folders, whose paths end with a slash."""
    folders = {f"{path.rpartition('/')[0]}/" for path in paths}
    return {folder: importable(root / folder.lstrip("/")) for folder in sorted(folders)}


def digest(value: Any) -> str:
    """Digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
