"""Objects by URL: what the file stores commit with where there are no folders, no renames and no locks.

A value is kept aside, on this machine, until it is published. Publishing puts the data under a name that nothing has
had before, and then the record, which tells that name, on the condition that the record that was there is still the
same; then it removes the data of that one. So a reader finds the old record with its data or the new one with its, at
any moment, and whoever dies on the way leaves an object that no record tells of, which ``clean`` removes after a day.

The condition is ``If-Match`` or ``If-None-Match``, on S3
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html) and on Azure
(https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations).
"""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from flowstone.errors import ConfigurationError, DamagedError, MissingExtraError, NotMaterializedError
from flowstone.io.aside import Aside
from flowstone.io.object_errors import in_words
from flowstone.io.spool import OpenFile
from flowstone.io.store import RECORDS, Note, UnavailableError
from flowstone.io.versions import VERSIONED, VersionedStore, own, told

STEPS = ("data-created", "data-written", "data-put", "record-noted", "record-put", "old-removed")
"""The steps of the protocol, in order."""
ATTEMPTS = 50
"""How often a writer tries again while others publish the same value."""
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
"""Seconds at most between two attempts: twice as long after each, and chance says how much of it."""
RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
"""How long a request is tried again: what is transient is over by then."""

NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")
"""How S3 and Azure say that there is no bucket; otherwise what is missing is the object."""
EXTRAS = {"s3": "s3", "az": "azure"}
"""The extra for each kind of URL."""

_CHUNK = 8 << 20


class ObjectStore(VersionedStore):
    """A ``Store`` in a bucket."""

    steps = STEPS

    def __init__(
        self, manager: str, url: str, options: Mapping[str, str], cache: Path, reached: Callable[[str], None]
    ) -> None:
        super().__init__(reached)
        parts = urlsplit(url)
        self.root = PurePosixPath(parts.path.strip("/"))
        self._bucket = f"{parts.scheme}://{parts.netloc}"
        self._manager = manager
        self._options = dict(options)
        self._cache = cache

    @cached_property
    def _endpoint(self) -> str:
        return next((text for name, text in self._options.items() if name.lower().endswith("endpoint")), "")

    @cached_property
    def _store(self) -> Any:
        """The client. Errors: MissingExtraError, ConfigurationError."""
        obstore = self._obstore()
        from obstore.store import from_url

        config: Any = self._options or None
        client: Any = {"allow_http": True} if self._endpoint.startswith("http://") else None
        try:
            return from_url(self._bucket, config=config, client_options=client, retry_config=RETRY)
        except (obstore.exceptions.BaseError, ValueError, TypeError) as error:
            first = str(error).strip().partition("\n")[0]
            raise ConfigurationError(
                f"io_managers.{self._manager}: {self._bucket} cannot be used: {first}",
                help="look at root and storage_options",
            ) from error

    def show(self, place: str) -> str:
        return f"{self._bucket}/{self._key(place)}"

    def publish(self, data: Aside, place: str, record: bytes, record_place: str) -> None:
        """Put the data, then its record, and remove the data of the record that was there."""
        with self._talking() as obstore:
            with self._undone(place):
                obstore.put(self._store, self._key(place), data.file(), use_multipart=data.size > _CHUNK)
                self._reached("data-put")
            old = self._replace_record(obstore, record, record_place, place)
            try:
                self._reached("record-put")
            finally:
                if old is not None:
                    self._remove_old(old, place)
            self._reached("old-removed")
            data.discard()

    def _replace_record(self, obstore: Any, record: bytes, record_place: str, place: str) -> bytes | None:
        """Replace the record that is there, and return that one. Errors: UnavailableError, the client's."""
        for attempt in range(ATTEMPTS):
            with self._undone(place):
                if attempt:
                    time.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311
                noted, old = self._noted(obstore, record_place)
                self._reached("record-noted")
            try:  # if this fails the record may be there all the same, or come later: its data stays
                obstore.put(self._store, self._key(record_place), record, mode=noted, use_multipart=False)
            except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
                continue
            return old
        with self._undone(place):
            raise UnavailableError(
                f"others have replaced its record {ATTEMPTS} times meanwhile", "see who else makes the same asset"
            )

    def _remove_old(self, record: bytes, new: str) -> None:
        """Remove the data of a record that was replaced."""
        old = told(record)
        if old is not None and old != new:
            self._delete(old)

    def read(self, place: str) -> bytes:
        with self._talking() as obstore:
            return bytes(obstore.get(self._store, self._key(place)).bytes())

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        return b"".join(self._verified(place, size, data_version))

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        """The content in a file without a name on this machine."""
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._cache) as file:
            for chunk in self._verified(place, size, data_version):
                file.write(chunk)
            file.flush()
            return OpenFile(os.dup(file.fileno()))

    def verify(self, place: str, size: int, data_version: str) -> None:
        for _ in self._verified(place, size, data_version):
            pass

    def local(self, place: str, size: int, data_version: str) -> Path:
        """A copy below the state folder's cache."""
        folder = self._cache / data_version.removeprefix("sha256:")
        target = folder / PurePosixPath(place).name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                for chunk in self._verified(place, size, data_version):
                    file.write(chunk)
                file.flush()
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return target

    def size(self, place: str) -> int | None:
        try:
            with self._talking() as obstore:
                return int(obstore.head(self._store, self._key(place))["size"])
        except FileNotFoundError:
            return None

    def read_record(self, place: str) -> bytes:
        return self.read(place)

    def has_record(self, place: str) -> bool:
        return self.size(place) is not None

    def record_names(self, folder: str) -> list[str]:
        with self._talking() as obstore:
            found = obstore.list_with_delimiter(self._store, f"{self._key(folder)}/")
            return [PurePosixPath(item["path"]).name for item in found["objects"]]

    def read_note(self, place: str) -> Note | None:
        with self._talking() as obstore:
            condition, content = self._noted(obstore, place)
        return None if content is None else Note(content, condition)

    def put_note(self, place: str, content: bytes, seen: Note | None) -> bool:
        mode = "create" if seen is None else seen.mark
        with self._talking() as obstore:
            try:
                obstore.put(self._store, self._key(place), content, mode=mode, use_multipart=False)
            except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
                return False
        return True

    def remove(self, record_place: str, place: str) -> None:
        self._delete(record_place)
        if VERSIONED.search(place):  # without a record it is not known which version there was
            self._delete(place)

    def clean(self) -> int:
        """Remove objects with a name of ours that no record tells of and that are older than a day.

        Of stores that lie inside of this one nothing is removed.
        """
        written: dict[str, datetime] = {}
        with self._talking() as obstore:
            for page in obstore.list(self._store, str(self.root) if self.root.parts else None):
                for item in page:
                    written[PurePosixPath(item["path"]).relative_to(self.root).as_posix()] = item["last_modified"]
        too_young = datetime.now(UTC) - timedelta(days=1)
        ours = own(written)
        kept = {self._told_at(place) for place in ours if place.startswith(f"{RECORDS}/")}
        loose = (place for place in ours if VERSIONED.search(place) and written[place] < too_young)
        removed = [place for place in loose if place not in kept]
        for place in removed:
            self._delete(place)
        return len(removed)

    def _told_at(self, record_place: str) -> str | None:
        """The place of which a record tells; None if the record is gone."""
        try:
            return told(self.read(record_place))
        except FileNotFoundError:
            return None

    def _key(self, place: str) -> str:
        """The name of an object in the bucket."""
        return str(self.root / place)

    def _delete(self, place: str) -> None:
        try:
            with self._talking() as obstore:
                obstore.delete(self._store, self._key(place))
        except FileNotFoundError:
            return

    def _noted(self, obstore: Any, record_place: str) -> tuple[Any, bytes | None]:
        """The condition that the record is still the one that is there now, and that one."""
        try:
            found = obstore.get(self._store, self._key(record_place))
        except FileNotFoundError:
            return "create", None
        condition = {name: found.meta[name] for name in ("e_tag", "version") if found.meta.get(name) is not None}
        return condition, bytes(found.bytes())

    def _verified(self, place: str, size: int, data_version: str) -> Iterator[bytes]:
        hashed, count = hashlib.sha256(), 0
        try:
            with self._talking() as obstore:
                for part in obstore.get(self._store, self._key(place)).stream(min_chunk_size=_CHUNK):
                    chunk = bytes(part)
                    hashed.update(chunk)
                    count += len(chunk)
                    yield chunk
        except FileNotFoundError:
            raise NotMaterializedError(f"{self.show(place)} is gone") from None
        if count != size:
            raise DamagedError(f"{self.show(place)} has {count} bytes, its record says {size}")
        if f"sha256:{hashed.hexdigest()}" != data_version:
            raise DamagedError(f"the content of {self.show(place)} is not that of its record")

    @contextmanager
    def _talking(self) -> Iterator[Any]:
        """Turn the client's errors into one of one line; none of them holds a secret of the configuration.

        Errors: FileNotFoundError for an object that is not there, UnavailableError.
        """
        obstore = self._obstore()
        try:
            yield obstore
        except FileNotFoundError as error:
            if any(f"<Code>{code}</Code>" in str(error) for code in NO_BUCKET):
                raise self._error(error) from None
            raise
        except obstore.exceptions.BaseError as error:
            raise self._error(error) from None

    def _obstore(self) -> Any:
        try:
            import obstore
            import obstore.exceptions
        except ImportError as error:
            extra = EXTRAS[self._bucket.partition(":")[0]]
            raise MissingExtraError(
                f"the IO manager {self._manager!r} with a root in an object store", extra
            ) from error
        return obstore

    def _error(self, error: Exception) -> UnavailableError:
        text = in_words(str(error), self._endpoint or self._bucket)
        for name, secret in self._options.items():
            if secret and ("secret" in name.lower() or "token" in name.lower() or "key" in name.lower()):
                text = text.replace(secret, "***")
        return UnavailableError(
            text,
            f"see whether the server runs, and whether root and storage_options of the IO manager {self._manager!r} "
            "are right: flowstone doctor tries them",
        )
