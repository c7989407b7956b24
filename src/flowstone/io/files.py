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
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io import announced
from flowstone.io.locks import lock, locked, open_folder, sync_folder
from flowstone.io.notes import FolderNotes
from flowstone.io.spool import OpenFile
from flowstone.io.store import FOLDER_STEPS, RECORDS, Note
from flowstone.io.temporary import T, Temporary, TemporaryDraft, create, sweep

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

    def create(self, place: str) -> TemporaryDraft:
        return self._create(TemporaryDraft, self._base + place, "data")

    def _create(self, make: type[T], target: str, kind: str) -> T:
        """A temporary file beside the target. Errors: OSError; StorageError if a link leads out of the store."""
        folder = _folder(target)
        try:
            self._prepare(folder)
            return create(make, target, kind, self._reached)
        except FileNotFoundError:  # somebody removed the folder since
            self._ready.discard(folder)
            self._prepare(folder)
            return create(make, target, kind, self._reached)

    def publish(self, data: TemporaryDraft, place: str, record: bytes, record_place: str) -> None:
        target = self._base + place
        note = self._create(Temporary, self._base + record_place, "record")
        try:
            note.write(record)
            note.sync()
            records = open_folder(_folder(self._base + record_place))
            try:
                self._rename(records, note, record_place, data, target)
                sync_folder(_folder(target))
                self._reached("data-folder-synced")
                os.fsync(records)
                self._reached("record-folder-synced")
            finally:
                os.close(records)
        finally:
            note.discard()

    def _rename(self, records: int, note: Temporary, record_place: str, data: TemporaryDraft, target: str) -> None:
        """Rename both, under the lock of the open folder of the records."""
        held = lock(records, fcntl.LOCK_EX)
        try:
            if held:
                self._announce(note, record_place, data, target)
            else:  # others may publish at the same time: none of them may take the record of another
                data.rename(target)
                note.rename(self._base + record_place)
        finally:
            lock(records, fcntl.LOCK_UN)  # it stays open, and others need not wait until it is synced

    def _announce(self, note: Temporary, record_place: str, data: TemporaryDraft, target: str) -> None:
        """Rename both, so that whoever comes later can go on at any step."""
        following = announced.next_place(record_place)
        path = self._base + following
        if os.access(path, os.F_OK):
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
        descriptor, size = self._open(self._base + place)
        try:
            return _all(descriptor, size)
        finally:
            os.close(descriptor)

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        path = self._base + place
        descriptor = self._open_of_size(path, size)
        try:
            data = _all(descriptor, size)
        finally:
            os.close(descriptor)
        _compare(path, hashlib.sha256(data).hexdigest(), data_version)
        return data

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        path = self._base + place
        descriptor = self._open_of_size(path, size)
        try:
            hashed = hashlib.sha256()
            while chunk := os.read(descriptor, _CHUNK):
                hashed.update(chunk)
            _compare(path, hashed.hexdigest(), data_version)
        except BaseException:
            os.close(descriptor)
            raise
        return OpenFile(descriptor)

    def verify(self, place: str, size: int, data_version: str) -> None:
        self.open_verified(place, size, data_version).close()

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

    def _open(self, path: str) -> tuple[int, int]:
        """A file, open to be read, and its size."""
        self._trust(_folder(path))
        descriptor = os.open(path, _READ)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise StorageError(f"{path} is not a file")
        return descriptor, status.st_size

    def _open_of_size(self, path: str, size: int) -> int:
        try:
            descriptor, found = self._open(path)
        except FileNotFoundError:
            raise NotMaterializedError(f"{path} is gone") from None
        if found != size:
            os.close(descriptor)
            raise DamagedError(f"{path} has {found} bytes, its record says {size}")
        return descriptor

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


def _compare(path: str, digest: str, data_version: str) -> None:
    """Errors: DamagedError if it is not the digest of the version."""
    if f"sha256:{digest}" != data_version:
        raise DamagedError(f"the content of {path} is not that of its record")


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _all(descriptor: int, size: int) -> bytes:
    """All of an open file that had so many bytes: who asks for one more in vain need not ask again."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    return b"".join([data, *iter(lambda: os.read(descriptor, _CHUNK), b"")])
