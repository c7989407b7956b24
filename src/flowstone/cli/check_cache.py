"""The result of ``flowstone check`` from the last time, as long as nothing has changed that it depends on.

It depends on FlowStone itself, on Python and the installed packages, on the configuration, on the content of every file
that was read, and on which files there are. A cache that is missing, damaged or foreign is as good as none; one that
cannot be written is no error. Nothing is imported here but the standard library: a warm ``check`` takes a moment only.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowstone.__about__ import __version__
from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic

_FORMAT = 1
_UNREADABLE = "FS002"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True)
class CheckResult:
    """What a check found."""

    diagnostics: tuple[Diagnostic, ...]
    """All of them, whatever is selected or ignored."""
    assets: int
    """How many assets the project has."""


class CheckCache:
    """The cache of one project and profile. Make it before the project is read, so that it sees what changes then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._surroundings = self._look()
        key = _digest([str(settings.root), settings.profile])
        self._path = settings.cache_folder / "check" / f"{key[:32]}.json"

    def get(self) -> CheckResult | None:
        """The result of the last check, if it still holds."""
        try:
            entry = json.loads(self._path.read_bytes())
            if entry["checksum"] != _digest(entry["content"]):
                return None
            content = entry["content"]
            if self._surroundings is None or content["surroundings"] != self._surroundings:
                return None
            if content["files"] != _contents(self._settings.root, content["files"]):
                return None
            diagnostics = tuple(Diagnostic.from_json(item) for item in content["diagnostics"])
            return CheckResult(diagnostics, int(content["assets"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, sources: Mapping[str, str], diagnostics: Sequence[Diagnostic], assets: int) -> None:
        """Keep a result. ``sources`` are the texts of the files that were read, by path.

        Nothing is kept if a file could not be read, or if something has changed since.
        """
        if any(item.code == _UNREADABLE for item in diagnostics):
            return
        if self._surroundings is None or self._look() != self._surroundings:
            return
        try:
            files = _contents(self._settings.root, sources)
            if any(not _holds(self._settings.root / path, text) for path, text in sources.items()):
                return
        except OSError:
            return
        content = {
            "surroundings": self._surroundings,
            "files": files,
            "diagnostics": [item.to_json() for item in diagnostics],
            "assets": assets,
        }
        self._write(json.dumps({"checksum": _digest(content), "content": content}))

    def _look(self) -> str | None:
        """Digest of the surroundings; None if they cannot be seen, and then nothing is kept."""
        try:
            return _surroundings(self._settings)
        except OSError:
            return None

    def _write(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            (self._settings.cache_folder / ".gitignore").write_text("*\n")
            handle, temporary = tempfile.mkstemp(prefix=".check-", suffix=".tmp", dir=self._path.parent)
        except OSError:
            return
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            Path(temporary).replace(self._path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _surroundings(settings: Settings) -> str:
    """Digest of all that the result depends on besides the content of the files that were read."""
    return _digest(
        [
            _FORMAT,
            __version__,
            sys.version,
            settings.to_json(),
            [(path, _modified(path)) for path in _tree(Path(__file__).parent.parent)],
            [_modified(folder) for folder in sys.path if folder.endswith("-packages")],
            list(_listings(settings)),
            None if settings.config_file is None else _file_digest(settings.config_file),
        ]
    )


def _listings(settings: Settings) -> Iterator[Any]:
    """Which files there are: below the sources, and in the import roots, where a new one may take a name."""
    for source in settings.sources:
        yield list(_tree(settings.root / source))
    for root in settings.import_roots:
        yield _names(settings.root / root)
        for entry in _entries(settings.root / root):
            if _may_be_package(entry):
                yield entry.name, _names(entry.path)


def _names(folder: Path | str) -> list[str]:
    """What can be imported from a folder."""
    return [entry.name for entry in _entries(folder) if entry.name.endswith(".py") or _may_be_package(entry)]


def _may_be_package(entry: os.DirEntry[str]) -> bool:
    return entry.name.isidentifier() and entry.name not in _SKIPPED_FOLDERS and entry.is_dir()


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
            if entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
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


def _contents(root: Path, paths: Iterable[str]) -> dict[str, Any]:
    """Digests of files, and what is in their folders. Errors: OSError."""
    found: dict[str, Any] = {path: _file_digest(root / path) for path in paths if not path.endswith("/")}
    folders = {f"{path.rpartition('/')[0]}/" for path in found}
    return found | {folder: _names(root / folder.lstrip("/")) for folder in sorted(folders)}


def _file_digest(path: Path) -> str | None:
    """None for what is no file: reading a pipe would wait for ever. Errors: OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _holds(path: Path, text: str) -> bool:
    """Whether a file still has the text that was read from it."""
    from flowstone.frontend.files import UnreadableError, read_source

    try:
        return read_source(path) == text
    except UnreadableError:
        return False


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
