"""Files by any URL that fsspec knows: what the file stores commit with where nothing is promised but put, list and get.

Nothing is ever written twice. A value is put under a name that nothing has had before; then its record, too, in the
folder of its slot, under a name that begins with a time beyond that of all records there. A reader lists the folder and
takes the newest record that is whole. So it finds the old record with its data or the new one with its, at any moment,
although a put may be visible before it is finished, and needs no lock and no condition; of writers at the same time
the newest record wins. Who has put a record removes older ones and their data. What dead writers leave nobody sees:
``clean`` removes it after a day.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from flowstone.errors import DamagedError, NotMaterializedError
from flowstone.io.aside import Aside
from flowstone.io.fsspec_client import FsspecClient
from flowstone.io.fsspec_kinds import Option, kind_of
from flowstone.io.object_store import STEPS
from flowstone.io.spool import OpenFile
from flowstone.io.store import RECORDS, UnavailableError
from flowstone.io.versions import VERSION, VERSIONED, is_record, own, told, versioned

LOOKS = 50
"""How often a reader looks again while others publish the same value."""
AT_ONCE = 4 << 20
"""Bytes of a value up to which it is sent and fetched in one request, without a file in between."""
STAMPED = re.compile(r"[0-9a-f]{28}\.json")
"""Names of records: milliseconds in twelve digits, then chance."""
TEMPORARY = re.compile(r"\.[0-9a-f]{28}\.tmp")
DAY = timedelta(days=1)

_TIME = 12
"""Digits of the time in a record's name."""


class FsspecStore:
    """A ``Store`` in a file system of fsspec."""

    steps = STEPS

    def __init__(
        self, manager: str, url: str, options: Mapping[str, Option], cache: Path, reached: Callable[[str], None]
    ) -> None:
        parts = urlsplit(url)
        self.root = PurePosixPath(parts.path.strip("/"))
        self._url = url.rstrip("/")
        self._kind = kind_of(url)
        self._client = FsspecClient(manager, self._url, self._kind, options)
        self._cache = cache
        self._reached = reached
        self._made: set[str] = set()

    @cached_property
    def _base(self) -> str:
        """The root, as the file system calls it. Errors: MissingExtraError, ConfigurationError."""
        return self._client.path()

    def show(self, place: str) -> str:
        return f"{self._url}/{place}"

    def fresh(self, place: str) -> tuple[str, dict[str, str]]:
        version = secrets.token_hex(8)
        target = versioned(place, version)
        return target, {"version": version, "object": target}

    def find(self, place: str, facts: Mapping[str, object]) -> str:
        version = str(facts.get("version", ""))
        if not VERSION.fullmatch(version):
            raise DamagedError(f"the record names the version {version!r}")
        return versioned(place, version)

    def create(self, place: str) -> Aside:
        return Aside(self._reached)

    def publish(self, data: Aside, place: str, record: bytes, record_place: str) -> None:
        """Put the data, then its record, and remove what is older."""
        folder = _folder(record_place)
        with self._undone(place):
            self._put_data(data, place)
            self._reached("data-put")
            stamp = _stamp_after(self._stamps(folder))
            self._reached("record-noted")
        self._put_record(record, folder, stamp)  # if this fails it may be there all the same: its data stays
        try:
            self._reached("record-put")
        finally:
            self._remove_old(folder, stamp)
        self._reached("old-removed")
        data.discard()

    def _put_data(self, data: Aside, place: str) -> None:
        """Put it, and look whether it is all there. Errors: OSError."""
        if data.size <= AT_ONCE:
            content = data.file().read()
            self._put(place, lambda system, key: system.pipe_file(key, content))
        else:
            with data.reader() as file:
                self._put(place, lambda system, key: system.put_file(f"/dev/fd/{file.fileno()}", key))
        found = self.size(place)
        if found != data.size:
            raise UnavailableError(f"{found} of {data.size} bytes have arrived", "see whether the disk there is full")

    def _put_record(self, record: bytes, folder: str, stamp: str) -> None:
        place = f"{folder}/{stamp}.json"
        if not self._kind.renames:
            self._put(place, lambda system, key: system.pipe_file(key, record))
            return
        aside = self._key(f"{folder}/.{stamp}.tmp")

        def put(system: Any, key: str) -> None:
            system.pipe_file(aside, record)
            system.mv(aside, key)

        self._put(place, put)

    def _put(self, place: str, doing: Callable[[Any, str], object]) -> None:
        """Put something into a folder, which is made if it is not there. Errors: OSError."""
        key, folder = self._key(place), place.rpartition("/")[0]

        def put() -> None:
            self._client.call(lambda system: doing(system, key))

        if folder in self._made or not self._kind.folders:
            with suppress(FileNotFoundError):  # somebody removed the folder since
                put()
                return
        if not self._kind.folders:
            raise self._no_bucket()
        self._client.call(lambda system: _make(system, self._key(folder)))
        self._made.add(folder)
        put()

    def _remove_old(self, folder: str, stamp: str) -> None:
        """Remove the records that are older than one that was put, and that one if there is a newer one by now."""
        stamps = self._stamps(folder)
        for old in stamps:
            if old < stamp:
                self._remove_record(folder, old)
        if any(other > stamp and is_record(self._content(folder, other)) for other in stamps):
            self._remove_record(folder, stamp)

    def _remove_record(self, folder: str, stamp: str) -> None:
        """Remove a record, then its data."""
        data = told(self._content(folder, stamp))
        self._delete(f"{folder}/{stamp}.json")
        if data is not None:
            self._delete(data)

    def _content(self, folder: str, stamp: str) -> bytes:
        """A record; nothing if it is gone."""
        try:
            return self.read(f"{folder}/{stamp}.json")
        except FileNotFoundError:
            return b""

    def _stamps(self, folder: str) -> list[str]:
        """Those of the records in the folder of a slot, the oldest first."""
        return _slots(self._list(folder)).get(folder, [])

    @contextmanager
    def _undone(self, place: str) -> Iterator[None]:
        """Remove the data again if this fails: no record can tell of it."""
        try:
            yield
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell of
                self._delete(place)
            raise

    def read(self, place: str) -> bytes:
        content: bytes = self._client.call(lambda system: system.cat_file(self._key(place)))
        return content

    def read_record(self, place: str) -> bytes:
        """The newest one that is whole; the newest one if none is."""
        folder = _folder(place)
        for _ in range(LOOKS):
            stamps = self._stamps(folder)
            if not stamps:
                raise FileNotFoundError(place)
            newest = self._content(folder, stamps[-1])
            if is_record(newest):
                return newest
            for stamp in stamps[-2::-1]:
                content = self._content(folder, stamp)
                if is_record(content):
                    return content
            if stamps == self._stamps(folder):
                return newest
        raise UnavailableError(
            f"others have replaced its record {LOOKS} times meanwhile", "see who else makes the same asset"
        )

    def has_record(self, place: str) -> bool:
        return bool(self._stamps(_folder(place)))

    def record_names(self, folder: str) -> list[str]:
        slots = map(PurePosixPath, _slots(self._list(folder)))
        return [f"{slot.name}.json" for slot in slots if str(slot.parent) == folder]

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        if size > AT_ONCE:
            with self.open_verified(place, size, data_version) as file:
                return file.readall()
        try:
            content = self.read(place)
        except FileNotFoundError:
            raise NotMaterializedError(f"{self.show(place)} is gone") from None
        self._compare(place, len(content), size)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != data_version:
            raise DamagedError(f"the content of {self.show(place)} is not that of its record")
        return content

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        """The content in a file without a name on this machine."""
        with self._fetched(self._cache, place, size, data_version) as path:
            return OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def verify(self, place: str, size: int, data_version: str) -> None:
        with self._fetched(self._cache, place, size, data_version):
            pass

    def local(self, place: str, size: int, data_version: str) -> Path:
        """A copy below the state folder's cache."""
        folder = self._cache / data_version.removeprefix("sha256:")
        target = folder / PurePosixPath(place).name
        with self._fetched(folder, place, size, data_version) as path:
            path.replace(target)
        return target

    @contextmanager
    def _fetched(self, folder: Path, place: str, size: int, data_version: str) -> Iterator[Path]:
        """A file with the content, which is gone afterwards. Errors: NotMaterializedError, DamagedError, OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        os.close(descriptor)
        path = Path(name)
        try:
            try:
                self._client.call(lambda system: system.get_file(self._key(place), name))
            except FileNotFoundError:
                raise NotMaterializedError(f"{self.show(place)} is gone") from None
            self._compare(place, path.stat().st_size, size)
            if f"sha256:{_digest(path)}" != data_version:
                raise DamagedError(f"the content of {self.show(place)} is not that of its record")
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _compare(self, place: str, found: int, size: int) -> None:
        if found != size:
            raise DamagedError(f"{self.show(place)} has {found} bytes, its record says {size}")

    def size(self, place: str) -> int | None:
        try:
            found = self._client.call(lambda system: system.info(self._key(place)))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def settle(self, record_place: str) -> None:
        """Nothing: nobody waits for others here."""

    def remove(self, record_place: str, place: str) -> None:
        """The oldest first: whoever dies meanwhile must not leave one that has been replaced."""
        folder = _folder(record_place)
        for stamp in self._stamps(folder):
            self._remove_record(folder, stamp)

    def clean(self) -> int:
        """Remove what is older than a day: records that were replaced, and data with a name of ours that none tells of.

        Of stores that lie inside of this one nothing is removed.
        """
        places = own(self._list(""))
        kept: set[str | None] = set()
        left: list[str] = []
        for folder, stamps in _slots(places).items():
            replaced = self._replaced(folder, stamps)
            left += [f"{folder}/{stamp}.json" for stamp in replaced]
            kept |= {told(self._content(folder, stamp)) for stamp in stamps if stamp not in replaced}
        left += [place for place in places if TEMPORARY.fullmatch(PurePosixPath(place).name)]
        left += [place for place in places if VERSIONED.search(place) and place not in kept]
        removed = [place for place in left if self._is_old(place)]
        for place in removed:
            self._delete(place)
        return len(removed)

    def _replaced(self, folder: str, stamps: list[str]) -> list[str]:
        """Those of the records of a slot that do not count, as another one does."""
        if len(stamps) == 1:
            return []
        counts = next((stamp for stamp in reversed(stamps) if is_record(self._content(folder, stamp))), None)
        return [] if counts is None else [stamp for stamp in stamps if stamp != counts]

    def _is_old(self, place: str) -> bool:
        """Whether it was written more than a day ago. Errors: OSError, of a file system that does not tell, too."""
        try:
            written: datetime = self._client.call(lambda system: system.modified(self._key(place)))
        except FileNotFoundError:
            return False
        return (written if written.tzinfo else written.replace(tzinfo=UTC)) < datetime.now(UTC) - DAY

    def _list(self, folder: str) -> list[str]:
        """Places of all files in a folder and below. Errors: OSError."""
        top = self._key(folder) if folder else self._base
        base = PurePosixPath(f"/{self._base.strip('/')}")

        def find(system: Any) -> list[str]:
            system.invalidate_cache()
            names = map(system._strip_protocol, system.find(top, on_error=_unless_missing))  # noqa: SLF001
            return [PurePosixPath(f"/{name.strip('/')}").relative_to(base).as_posix() for name in names]

        try:
            return self._client.call(find)
        except FileNotFoundError:
            if not self._kind.folders:
                raise self._no_bucket() from None
            return []

    def _no_bucket(self) -> UnavailableError:
        return self._client.error(FileNotFoundError(f"there is no bucket {self._base.partition('/')[0]}"))

    def _key(self, place: str) -> str:
        """The name of a file on the server."""
        return f"{self._base}/{place}"

    def _delete(self, place: str) -> None:
        with suppress(FileNotFoundError):
            self._client.call(lambda system: system.rm_file(self._key(place)))


def _folder(record_place: str) -> str:
    """The folder of the records of a slot, of which there may be several for a moment."""
    return record_place.removesuffix(".json")


def _stamp_after(stamps: list[str]) -> str:
    """What the name of a record begins with that is newer than those."""
    now = time.time_ns() // 1_000_000
    last = int(stamps[-1][:_TIME], 16) if stamps else 0
    return f"{max(now, last + 1):0{_TIME}x}{secrets.token_hex(8)}"


def _slots(places: list[str]) -> dict[str, list[str]]:
    """The stamps of the records in each slot's folder, the oldest first."""
    found: dict[str, list[str]] = {}
    for place in sorted(places):
        folder, _, name = place.rpartition("/")
        if place.startswith(f"{RECORDS}/") and STAMPED.fullmatch(name):
            found.setdefault(folder, []).append(name.removesuffix(".json"))
    return found


def _make(system: Any, folder: str) -> None:
    """Make a folder, which others may do at the same time. Errors: OSError."""
    for _ in range(LOOKS):
        try:
            system.makedirs(folder, exist_ok=True)
        except FileNotFoundError:
            raise
        except OSError:
            if not system.isdir(folder):
                raise
        else:
            return


def _unless_missing(error: OSError) -> None:
    """A folder that is not there, or no more, holds nothing; what else hinders a listing is an error."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
