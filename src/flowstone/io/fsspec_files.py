"""Files in a file system of fsspec: put, fetched, listed and deleted, by their places below a root."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from flowstone.errors import DamagedError, NotMaterializedError
from flowstone.io.aside import Aside
from flowstone.io.fsspec_client import FsspecClient
from flowstone.io.fsspec_kinds import Kind
from flowstone.io.store import UnavailableError

AT_ONCE = 4 << 20
"""Bytes of a value up to which it is sent and fetched in one request, without a file in between."""
TRIES = 50
"""How often a folder is made again that others make or remove at the same time."""


class FsspecFiles:
    """The files below a root."""

    def __init__(self, client: FsspecClient, url: str, kind: Kind) -> None:
        self._client = client
        self._url = url
        self._kind = kind
        self._made: set[str] = set()

    @cached_property
    def _base(self) -> str:
        """The root, as the file system calls it. Errors: MissingExtraError, ConfigurationError."""
        return self._client.path()

    def show(self, place: str) -> str:
        """The URL of a place, for people."""
        return f"{self._url}/{place}"

    def read(self, place: str) -> bytes:
        """All of a file. Errors: FileNotFoundError, OSError."""
        content: bytes = self._client.call(lambda system: system.cat_file(self._key(place)))
        return content

    def content(self, place: str) -> bytes:
        """All of a file; nothing if it is gone. Errors: OSError."""
        try:
            return self.read(place)
        except FileNotFoundError:
            return b""

    def size(self, place: str) -> int | None:
        """Bytes of a file, or None if there is none. Errors: OSError."""
        try:
            found = self._client.call(lambda system: system.info(self._key(place)))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def written(self, place: str) -> datetime | None:
        """When a file was written; None if it is gone. Errors: OSError, of a file system that does not tell, too."""
        try:
            found: datetime = self._client.call(lambda system: system.modified(self._key(place)))
        except FileNotFoundError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def delete(self, place: str) -> None:
        """Remove a file, if it is there. Errors: OSError."""
        with suppress(FileNotFoundError):
            self._client.call(lambda system: system.rm_file(self._key(place)))

    def put(self, data: Aside, place: str) -> None:
        """Put a value, and look whether it is all there. Errors: OSError."""
        if data.size <= AT_ONCE:
            content = data.file().read()
            self._put(place, lambda system, key: system.pipe_file(key, content))
        else:
            with data.reader() as file:
                self._put(place, lambda system, key: system.put_file(f"/dev/fd/{file.fileno()}", key))
        found = self.size(place)
        if found != data.size:
            raise UnavailableError(f"{found} of {data.size} bytes have arrived", "see whether the disk there is full")

    def put_small(self, content: bytes, place: str, aside: str) -> None:
        """Put a small file; where it can be renamed, nobody sees half of it. Errors: OSError."""
        if not self._kind.renames:
            self._put(place, lambda system, key: system.pipe_file(key, content))
            return
        waiting = self._key(aside)

        def put(system: Any, key: str) -> None:
            system.pipe_file(waiting, content)
            system.mv(waiting, key)

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

    def read_verified(self, cache: Path, place: str, size: int, data_version: str) -> bytes:
        """All of a file. Errors: NotMaterializedError, DamagedError, OSError."""
        if size > AT_ONCE:
            with self.fetched(cache, place, size, data_version) as path:
                return path.read_bytes()
        try:
            content = self.read(place)
        except FileNotFoundError:
            raise NotMaterializedError(f"{self.show(place)} is gone") from None
        self._compare(place, len(content), size)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != data_version:
            raise DamagedError(f"the content of {self.show(place)} is not that of its record")
        return content

    @contextmanager
    def fetched(self, folder: Path, place: str, size: int, data_version: str) -> Iterator[Path]:
        """A file of this machine with the content, which is gone afterwards.

        Errors: NotMaterializedError, DamagedError, OSError.
        """
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

    def list(self, folder: str) -> list[str]:
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


def _make(system: Any, folder: str) -> None:
    """Make a folder and those above it, which others may do at the same time. Errors: OSError."""
    for left in reversed(range(TRIES)):
        try:
            system.makedirs(folder, exist_ok=True)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError:  # somebody was faster with this folder, or with one above it
            if not system.isdir(folder):
                if left == 0:
                    raise
                continue
        return


def _unless_missing(error: OSError) -> None:
    """A folder that is not there, or no more, holds nothing; what else hinders a listing is an error."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
