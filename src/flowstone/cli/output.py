"""Generated files and a folder: what differs, and writing it."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

from msgspec import Struct

from flowstone.errors import UsageError
from flowstone.targets.contract import Rendered
from flowstone.targets.seal import is_generated, is_untouched, origin, seal

_SUFFIXES = {".py", ".yaml", ".json"}


class Change(Struct, frozen=True):
    """A file that is not as it would be written."""

    path: str
    old: str | None
    """None if it is missing."""
    new: str | None
    """None if nothing generates it any more."""

    @property
    def edited(self) -> bool:
        """Whether somebody's work would be lost: the file is there, and is not as FlowStone wrote it."""
        return self.old is not None and not is_untouched(self.path, self.old)

    def diff(self) -> str:
        """Unified diff from what is there to what would be written; bytes that are no UTF-8 are escaped."""
        old, new = (self.old or "").splitlines(keepends=True), (self.new or "").splitlines(keepends=True)
        text = "".join(difflib.unified_diff(old, new, f"{self.path} (on disk)", f"{self.path} (compiled)"))
        return text.encode("utf-8", "backslashreplace").decode()


def changes(folder: Path, rendered: Rendered) -> list[Change]:
    """What differs between a folder and the rendered files, sorted by path.

    A file that FlowStone once generated there and generates no more counts too; other files are left alone.
    Errors: UsageError if a file cannot be read.
    """
    wanted = {path: seal(path, text) for path, text in rendered.files.items()}
    found = []
    for path in sorted({*wanted, *_generated(folder)}):
        old, new = _read(folder / path), wanted.get(path)
        if old != new:
            found.append(Change(path, old, new))
    return found


def others(found: list[Change]) -> list[str]:
    """Of which other projects, or for which other targets, files were made that would be overwritten or removed."""
    new = {origin(change.new) for change in found if change.new is not None}
    old = {origin(change.old) for change in found if change.old is not None}
    return sorted(name for name in old - new if name is not None) if new - {None} else []


def write(folder: Path, todo: list[Change]) -> None:
    """Carry out the changes, each file atomically. Errors: UsageError if the folder cannot be written."""
    for change in todo:
        target = folder / change.path
        try:
            if change.new is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                _replace(target, change.new)
        except OSError as error:
            raise UsageError(f"cannot write {target}: {error.strerror or error}") from error


def _replace(target: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _generated(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [
        path.name
        for path in folder.iterdir()
        if path.suffix in _SUFFIXES and path.is_file() and is_generated(path.name, _read(path) or "")
    ]


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
