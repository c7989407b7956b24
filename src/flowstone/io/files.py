"""Atomic files: what every file store commits with.

A value is written to a temporary file in the folder of its target and synced. Publishing writes and syncs the record
in the same way, announces it (``announced``), renames the data, renames the record last, and then syncs both folders:
one commit of the file system's journal for all of it. Whoever dies between the renames leaves the announcement, and who
comes next gives the record its name. A power cut may lose any of the renames on a file system that does not keep their
order; then the data is not that of its record, and no reader takes it. Publishers of one asset take turns by a lock on
the folder of its records, so that data and record of two writers never mix.

A temporary file is locked as long as its writer lives. What a dead one left is removed by the next writer in the
folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io import announced
from flowstone.io.locks import locked, sync_folder
from flowstone.io.notes import FolderNotes
from flowstone.io.spool import OpenFile
from flowstone.io.store import FOLDER_STEPS, RECORDS, Note
from flowstone.io.temporary import Temporary, create, sweep

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FileStore:
    """A ``Store`` in a folder."""

    steps = FOLDER_STEPS

    def __init__(self, root: Path, reached: Callable[[str], None]) -> None:
        self.root = root
        self._base = f"{root}/"
        self._reached = reached
        self._trusted: set[str] = set()
        self._ready: set[str] = set()
        self._notes = FolderNotes(self._base, self._prepare_again, self.read)

    def show(self, place: str) -> str:
        return self._base + place

    def fresh(self, place: str) -> tuple[str, dict[str, str]]:
        return place, {announced.PLACE: place}

    def find(self, place: str, facts: Mapping[str, object]) -> str:
        return place

    def create(self, place: str) -> Temporary:
        return self._create(self._base + place, "data")

    def _create(self, target: str, kind: str) -> Temporary:
        """A temporary file beside the target. Errors: OSError; StorageError if a link leads out of the store."""
        folder = _folder(target)
        try:
            self._prepare(folder)
            return create(target, kind, self._reached)
        except FileNotFoundError:  # somebody removed the folder since
            self._ready.discard(folder)
            self._prepare(folder)
            return create(target, kind, self._reached)

    def publish(self, data: Temporary, place: str, record: bytes, record_place: str) -> None:
        target, record_path = self._base + place, self._base + record_place
        note = self._create(record_path, "record")
        try:
            note.write(record)
            note.sync()
            with locked(_folder(record_path)) as held:
                if held:
                    self._announce(note, record_place, data, target)
                else:  # others may publish at the same time: none of them may take the record of another
                    data.rename(target)
                    note.rename(record_path)
            sync_folder(_folder(target))
            self._reached("data-folder-synced")
            sync_folder(_folder(record_path))
            self._reached("record-folder-synced")
        finally:
            note.discard()

    def _announce(self, note: Temporary, record_place: str, data: Temporary, target: str) -> None:
        """Rename both, so that whoever comes later can go on at any step."""
        following = announced.next_place(record_place)
        path = self._base + following
        if os.path.lexists(path):
            announced.take_over(self, following)
        try:
            note.rename(path, "record-announced")
            data.rename(target)
        except BaseException:
            if os.path.lexists(data.path):  # an interruption may come when it is renamed, and does not know yet
                with suppress(OSError):  # the first error is the one to tell of
                    os.unlink(path)
            raise
        os.replace(path, self._base + record_place)
        self._reached("record-renamed")

    def read_record(self, place: str) -> bytes:
        """The one that was announced by a writer that died, if its data is there."""
        pending = self._pending(place)
        return self.read(place) if pending is None else pending.content

    def has_record(self, place: str) -> bool:
        return self._pending(place) is not None or self.size(place) is not None

    def record_names(self, folder: str) -> list[str]:
        pending = announced.settle_all(self, folder, self.names(folder))
        return list({*(found.record_place.rpartition("/")[2] for found in pending), *self.names(folder)})

    def _pending(self, record_place: str) -> announced.Announced | None:
        if not announced.is_announced(self, record_place):
            return None
        return announced.settle(self, announced.next_place(record_place))

    def read(self, place: str) -> bytes:
        descriptor = self._open(self._base + place)
        try:
            return b"".join(_chunks(descriptor))
        finally:
            os.close(descriptor)

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        return b"".join(self._verified(self._base + place, size, data_version))

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        path = self._base + place
        descriptor = self._descriptor(path)
        try:
            for _ in _checked(descriptor, path, size, data_version):
                pass
        except BaseException:
            os.close(descriptor)
            raise
        return OpenFile(descriptor)

    def verify(self, place: str, size: int, data_version: str) -> None:
        for _ in self._verified(self._base + place, size, data_version):
            pass

    def local(self, place: str, size: int, data_version: str) -> Path:
        """The file itself, once it is verified."""
        self.verify(place, size, data_version)
        return self.root / place

    def size(self, place: str) -> int | None:
        try:
            found = os.lstat(self._base + place)
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def names(self, folder: str) -> list[str]:
        """Names of what lies in a folder; none if there is no such folder. Errors: OSError."""
        try:
            return [entry.name for entry in os.scandir(self._base + folder)]
        except FileNotFoundError:
            return []

    def hold(self, place: str, *, alone: bool) -> AbstractContextManager[bool]:
        return self._notes.hold(place, alone=alone)

    def read_note(self, place: str) -> Note | None:
        return self._notes.read(place)

    def put_note(self, place: str, content: bytes, seen: Note | None) -> bool:
        return self._notes.put(place, content, seen)

    def settle(self, record_place: str) -> None:
        """Wait until nobody is publishing into the folder."""
        with suppress(OSError), locked(_folder(self._base + record_place), fcntl.LOCK_SH):
            pass

    def remove(self, record_place: str, place: str) -> None:
        record_path, target = self.root / record_place, self.root / place
        folder = str(record_path.parent)
        self._trust(folder)
        self._trust(str(target.parent))
        with locked(folder):
            (self.root / announced.next_place(record_place)).unlink(missing_ok=True)
            record_path.unlink(missing_ok=True)
            sync_folder(folder)
            target.unlink(missing_ok=True)

    def clean(self) -> int:
        """Remove the temporary files of dead writers in all folders, and what they announced without any data."""
        swept = sum(sweep(folder) for folder, _, _ in os.walk(self.root))
        return swept + sum(announced.clean(self, Path(folder)) for folder, _, _ in os.walk(self.root / RECORDS))

    def _open(self, path: str) -> int:
        self._trust(_folder(path))
        descriptor = os.open(path, _READ)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise StorageError(f"{path} is not a file")
        return descriptor

    def _verified(self, path: str, size: int, data_version: str) -> Iterator[bytes]:
        descriptor = self._descriptor(path)
        try:
            yield from _checked(descriptor, path, size, data_version)
        finally:
            os.close(descriptor)

    def _descriptor(self, path: str) -> int:
        try:
            return self._open(path)
        except FileNotFoundError:
            raise NotMaterializedError(f"{path} is gone") from None

    def _prepare(self, folder: str) -> None:
        """Make a folder that can be written to, once for each."""
        if folder in self._ready:
            return
        self._trust(folder)
        missing = []
        there = Path(folder)
        while not there.exists():
            missing.append(there)
            there = there.parent
        for made in reversed(missing):
            made.mkdir(exist_ok=True)
            sync_folder(str(made.parent))
        sweep(folder)
        self._ready.add(folder)

    def _prepare_again(self, folder: str) -> None:
        """The same, of a folder that somebody may have removed since."""
        if not os.path.isdir(folder):
            self._ready.discard(folder)
        self._prepare(folder)

    def _trust(self, folder: str) -> None:
        """Make sure, once for each folder, that no link leads out of the store."""
        if folder in self._trusted:
            return
        try:
            inside = Path(folder).resolve().is_relative_to(self.root.resolve())
        except RuntimeError:  # links in a circle, before Python 3.13
            inside = False
        if not inside:
            raise StorageError(f"{folder} leads out of the store {self.root}", help="remove the symbolic link")
        self._trusted.add(folder)


def _checked(descriptor: int, path: str, size: int, data_version: str) -> Iterator[bytes]:
    """All of an open file. Errors: DamagedError if it is not this content."""
    found = os.fstat(descriptor).st_size
    if found != size:
        raise DamagedError(f"{path} has {found} bytes, its record says {size}")
    hashed = hashlib.sha256()
    for chunk in _chunks(descriptor):
        hashed.update(chunk)
        yield chunk
    if f"sha256:{hashed.hexdigest()}" != data_version:
        raise DamagedError(f"the content of {path} is not that of its record")


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk
