"""Source files on disk: which there are, and their text."""

from __future__ import annotations

import io
import os
import stat
import tokenize
from collections.abc import Iterator
from pathlib import Path

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})
"""Folders that are never searched, besides hidden ones and virtual environments."""


class UnreadableError(Exception):
    """A file or folder cannot be read. Never leaves the front end: it becomes a diagnostic."""

    def __init__(self, reason: str, help: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help


def source_files(start: Path) -> Iterator[Path]:
    """Python files at or below a path. A folder that is reached a second time over a symbolic link is left out.

    Errors: UnreadableError if there is nothing at the path, or a folder cannot be listed.
    """
    if not start.is_dir():
        if not os.path.lexists(start):
            raise UnreadableError("does not exist", "correct 'sources' in the configuration")
        yield start
        return
    seen: set[tuple[int, int]] = set()
    stack = [start]
    while stack:
        folder = stack.pop()
        status = folder.stat()
        entries = _entries(folder)
        if (status.st_dev, status.st_ino) in seen or any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                if entry.name not in SKIPPED_FOLDERS:
                    stack.append(Path(entry.path))
            elif entry.name.endswith(".py"):
                yield Path(entry.path)


def importable(folder: Path | str) -> list[str]:
    """Names of what could be imported from a folder, in order; none if it cannot be searched."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if _may_be_module(entry) or may_be_package(entry)]
    except OSError:
        return []
    return sorted(found)


def may_be_package(entry: os.DirEntry[str]) -> bool:
    """Whether a folder may be a package, with or without ``__init__.py``."""
    return entry.name.isidentifier() and entry.name not in SKIPPED_FOLDERS and _is_folder(entry)


def _may_be_module(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.name.endswith(".py") and entry.is_file()  # a symbolic link may lead nowhere yet
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file. ``Path.is_file`` raises for a name that is too long for one."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether there is a folder. ``Path.is_dir`` raises for a name that is too long for one."""
    return os.path.isdir(path)  # noqa: PTH112


def would_be_found(path: Path, start: Path) -> bool:
    """Whether ``source_files(start)`` would yield the path if there were a Python file."""
    if path.suffix != ".py" or not path.is_relative_to(start):
        return False
    folders = path.relative_to(start).parts
    if any(name.startswith(".") or name in SKIPPED_FOLDERS for name in folders):
        return False
    inside = (folder for folder in path.parents if folder.is_relative_to(start))
    return not any(is_file(folder / "pyvenv.cfg") for folder in inside)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link that leads in a circle: whoever reads it tells why it cannot
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = f"cannot be searched: folder '{folder.name}': {error.strerror or error}"
        raise UnreadableError(reason, "make the folder readable") from None


def read_source(path: Path) -> str:
    """Text of a source file, with line ends as Python sees them. Errors: UnreadableError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError("is not a regular file", "remove it or rename it")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}", "make the file readable") from None
    return decode_source(data)


def decode_source(data: bytes) -> str:
    """Text of a source file's bytes, with line ends as Python sees them. Errors: UnreadableError."""
    try:
        text = _decode(data)
    except (SyntaxError, UnicodeError, LookupError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UnreadableError(f"cannot be decoded: {reason}", "save the file as UTF-8") from None
    if "\0" in text:
        raise UnreadableError("holds a NUL character", "save the file as plain text")
    return text


def encoding_of(data: bytes) -> str:
    """The encoding of a source file by the rules of PEP 263. Errors: SyntaxError for one that there is not."""
    if b"coding" in data[:512]:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return "utf-8-sig"


def _decode(data: bytes) -> str:
    """Text of a source file. Errors: SyntaxError, UnicodeError, LookupError."""
    text = data.decode(encoding_of(data))
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
