"""Files by any URL that fsspec knows: what the file stores commit with where nothing is promised but put, list and get.

Nothing is ever written twice. A value is put under a name that nothing has had before; then its record, too, in the
folder of its slot, under a name that begins with a time beyond that of all records there. A reader lists the folder and
takes the newest record that is whole. So it finds the old record with its data or the new one with its, at any moment,
although a put may be visible before it is finished, and needs no lock and no condition; of writers at the same time
the newest record wins. Who has put a record removes older ones and their data. What dead writers leave nobody sees:
``clean`` removes it after a day.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from flowstone.io.aside import Aside
from flowstone.io.fsspec_client import FsspecClient
from flowstone.io.fsspec_files import FsspecFiles
from flowstone.io.fsspec_kinds import Option, kind_of
from flowstone.io.object_store import STEPS
from flowstone.io.spool import OpenFile
from flowstone.io.stamped import StampedFiles, at, is_temporary, slots
from flowstone.io.stamped_notes import StampedNotes
from flowstone.io.store import Note
from flowstone.io.versions import VERSIONED, VersionedStore, own, told

DAY = timedelta(days=1)


class FsspecStore(VersionedStore):
    """A ``Store`` in a file system of fsspec."""

    steps = STEPS

    def __init__(
        self, manager: str, url: str, options: Mapping[str, Option], cache: Path, reached: Callable[[str], None]
    ) -> None:
        super().__init__(reached)
        self.root = PurePosixPath(urlsplit(url).path.strip("/"))
        self._cache = cache
        url, kind = url.rstrip("/"), kind_of(url)
        self._files = FsspecFiles(FsspecClient(manager, url, kind, options), url, kind)
        self._records = StampedFiles(self._files)
        self._notes = StampedNotes(self._files)

    def show(self, place: str) -> str:
        return self._files.show(place)

    def publish(self, data: Aside, place: str, record: bytes, record_place: str) -> None:
        """Put the data, then its record, and remove what is older."""
        with self._undone(place):
            self._files.put(data, place)
            self._reached("data-put")
            stamp = self._records.next_stamp(record_place)
            self._reached("record-noted")
        self._records.put(record, record_place, stamp)  # if this fails it may be there all the same: its data stays
        try:
            self._reached("record-put")
        finally:
            self._records.remove_older(record_place, stamp)
        self._reached("old-removed")
        data.discard()

    def read(self, place: str) -> bytes:
        return self._files.read(place)

    def read_record(self, place: str) -> bytes:
        return self._records.newest(place)

    def has_record(self, place: str) -> bool:
        return bool(self._records.stamps(place))

    def record_names(self, folder: str) -> list[str]:
        found = map(PurePosixPath, slots(self._files.list(folder)))
        return [f"{slot.name}.json" for slot in found if str(slot.parent) == folder]

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        return self._files.read_verified(self._cache, place, size, data_version)

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        """The content in a file without a name on this machine."""
        with self._files.fetched(self._cache, place, size, data_version) as path:
            return OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def verify(self, place: str, size: int, data_version: str) -> None:
        with self._files.fetched(self._cache, place, size, data_version):
            pass

    def local(self, place: str, size: int, data_version: str) -> Path:
        """A copy below the state folder's cache."""
        folder = self._cache / data_version.removeprefix("sha256:")
        target = folder / PurePosixPath(place).name
        with self._files.fetched(folder, place, size, data_version) as path:
            path.replace(target)
        return target

    def size(self, place: str) -> int | None:
        return self._files.size(place)

    def read_note(self, place: str) -> Note | None:
        return self._notes.read(place)

    def put_note(self, place: str, content: bytes, seen: Note | None) -> bool:
        return self._notes.put(place, content, seen)

    def remove(self, record_place: str, place: str) -> None:
        """The oldest first: whoever dies meanwhile must not leave one that has been replaced."""
        for stamp in self._records.stamps(record_place):
            self._records.remove(record_place, stamp)

    def clean(self) -> int:
        """Remove what is older than a day: records that were replaced, and data with a name of ours that none tells of.

        Of stores that lie inside of this one nothing is removed.
        """
        places = own(self._files.list(""))
        kept: set[str | None] = set()
        left: list[str] = []
        for folder, stamps in slots(places).items():
            replaced = self._records.replaced(folder, stamps)
            left += [at(folder, stamp) for stamp in replaced]
            counting = (stamp for stamp in stamps if stamp not in replaced)
            kept |= {told(self._files.content(at(folder, stamp))) for stamp in counting}
        left += [place for place in places if is_temporary(place)]
        left += [place for place in places if VERSIONED.search(place) and place not in kept]
        removed = [place for place in left if self._is_old(place)]
        for place in removed:
            self._delete(place)
        return len(removed)

    def _is_old(self, place: str) -> bool:
        """Whether it was written more than a day ago. Errors: OSError."""
        written = self._files.written(place)
        return written is not None and written < datetime.now(UTC) - DAY

    def _delete(self, place: str) -> None:
        self._files.delete(place)
