"""Folders as one file, and back: a tar without times and owners, so that equal folders are equal bytes."""

from __future__ import annotations

import secrets
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from flowstone.errors import DamagedError, UnsupportedTypeError

_CHUNK = 1 << 20


def pack(folder: Path, sink: Any) -> None:
    """Write a folder with all that is in it. Errors: UnsupportedTypeError for links and the like; OSError."""
    with archive_to(sink) as archive:
        for path in _sorted(folder):
            entry = _entry(folder, path)
            if entry.isdir():
                archive.addfile(entry)
                continue
            with path.open("rb") as file:
                archive.addfile(entry, file)


@contextmanager
def archive_to(sink: Any) -> Iterator[tarfile.TarFile]:
    """A tar that is written from its beginning to its end, by ``add_folder`` and ``add_file``. Errors: OSError."""
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        yield archive


def add_folder(archive: tarfile.TarFile, name: str) -> None:
    """Put an empty folder into a tar."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(entry)


def add_file(archive: tarfile.TarFile, name: str, content: Any, size: int) -> None:
    """Put a file of so many bytes into a tar. Errors: OSError."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    archive.addfile(entry, content)


def unpack(source: Any, target: Path) -> None:
    """Make a folder be what was packed, whatever it was. Others may do the same. Errors: DamagedError, OSError."""
    target.mkdir(parents=True, exist_ok=True)
    wanted: set[Path] = set()
    with tarfile.open(fileobj=source, mode="r|") as archive:
        for entry in archive:
            path = target / _inside(entry)
            wanted.add(path)
            if entry.isdir():
                _remove_unless(stat.S_ISDIR, path)
                path.mkdir(exist_ok=True)
            else:
                content = archive.extractfile(entry)
                assert content is not None
                _remove_unless(stat.S_ISREG, path)
                _write(path, content, entry.mode, target.parent)
    for path in list(_sorted(target)):
        if path not in wanted:
            _remove_unless(lambda _: False, path)


def _sorted(folder: Path) -> Iterator[Path]:
    """Everything below a folder, each folder before what is in it, in the order of the names."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _sorted(path)


def _entry(folder: Path, path: Path) -> tarfile.TarInfo:
    name = path.relative_to(folder).as_posix()
    status = path.lstat()
    entry = tarfile.TarInfo(name)
    if stat.S_ISDIR(status.st_mode):
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    elif stat.S_ISREG(status.st_mode):
        entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
    else:
        raise UnsupportedTypeError(f"{name!r} in {folder} is neither a file nor a folder", help="leave out links")
    return entry


def _inside(entry: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or not path.parts or ".." in path.parts or not (entry.isreg() or entry.isdir()):
        raise DamagedError(f"the stored folder holds {entry.name!r}, which cannot be in a folder")
    return path


def _remove_unless(fits: Callable[[int], bool], path: Path) -> None:
    """Remove what is of another kind. It is looked at once: what others make in the meantime is of the right kind."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if fits(mode):
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, content: Any, mode: int, drafts: Path) -> None:
    """A file, which is replaced at once, for somebody may be reading it."""
    draft = drafts / f".{secrets.token_hex(8)}.part"
    with draft.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
    draft.chmod(mode & 0o777)
    draft.replace(path)
