"""Objects by URL: what the file stores commit with where there are no folders, no renames and no locks.

A value is kept aside, on this machine, until it is published. Publishing puts the data under a name that nothing has
had before, and then the record, which tells that name, on the condition that the record that was there is still the
same; then it removes the data of that one. So a reader finds the old record with its data or the new one with its, at
any moment, and whoever dies on the way leaves an object that no record tells of, which ``clean`` removes after a day.

The condition is ``If-Match`` or ``If-None-Match``
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from __future__ import annotations

import errno
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from flowstone.errors import ConfigurationError, DamagedError, MissingExtraError, NotMaterializedError, StorageError

STEPS = ("data-created", "data-written", "data-put", "record-noted", "record-put", "old-removed")
"""The steps of the protocol, in order."""
ATTEMPTS = 50
"""How often a writer tries again while others publish the same value."""
KEPT_IN_MEMORY = 16 << 20
"""Bytes of a staged value beyond which it is written to a temporary file."""

RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
"""How long a request is tried again: what is transient is over by then."""

VERSIONED = re.compile(r"\.v[0-9a-f]{16}(\.[A-Za-z0-9]{1,16})?$")
"""How the names of data objects end: no two are ever the same."""

_CHUNK = 8 << 20


def versioned(path: PurePosixPath, version: str) -> PurePosixPath:
    """The name of one version of a value: ``orders.v0123456789abcdef.json``."""
    suffix = path.suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,16}", path.suffix) else ""
    return path.with_name(f"{path.name.removesuffix(suffix)}.v{version}{suffix}")


class Aside:
    """A value that is being written where no reader looks; it counts and hashes what goes through.

    It has what ``pyarrow`` asks of a file to write to.
    """

    def __init__(self, reached: Callable[[str], None]) -> None:
        self.size = 0
        self._reached = reached
        self._hash = hashlib.sha256()
        reached("data-created")
        self._file = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - until it is published or discarded

    @property
    def data_version(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of the data. Errors: OSError."""
        view = memoryview(data)
        self._hash.update(view)
        self.size += view.nbytes
        return self._file.write(view)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing need be flushed."""

    def close(self) -> None:
        """Does nothing: the value is kept until it is published or discarded."""

    def sync(self) -> None:
        """The value is whole."""
        self._reached("data-written")

    def file(self) -> Any:
        """The file, at its beginning."""
        self._file.seek(0)
        return self._file

    def discard(self) -> None:
        """Drop it, unless that was done before."""
        self._file.close()


class ObjectStore:
    """One place in an object store, with records. May be used by several threads and processes at once."""

    def __init__(
        self, manager: str, url: str, options: Mapping[str, str], cache: Path, reached: Callable[[str], None]
    ) -> None:
        parts = urlsplit(url)
        self.root = PurePosixPath(parts.path.strip("/"))
        self._bucket = f"{parts.scheme}://{parts.netloc}"
        self._manager = manager
        self._options = dict(options)
        self._cache = cache
        self._reached = reached

    @cached_property
    def _store(self) -> Any:
        """The client. Errors: MissingExtraError, ConfigurationError."""
        obstore = _obstore(self._manager)
        from obstore.store import from_url

        endpoint = next((text for name, text in self._options.items() if name.lower().endswith("endpoint")), "")
        config: Any = self._options or None
        client: Any = {"allow_http": True} if endpoint.startswith("http://") else None
        try:
            return from_url(self._bucket, config=config, client_options=client, retry_config=RETRY)
        except (obstore.exceptions.BaseError, ValueError, TypeError) as error:
            first = str(error).strip().partition("\n")[0]
            raise ConfigurationError(
                f"io_managers.{self._manager}: {self._bucket} cannot be used: {first}",
                help="look at root and storage_options",
            ) from error

    def create(self, target: PurePosixPath) -> Aside:
        """Where a value is written before it is published."""
        return Aside(self._reached)

    def publish(
        self,
        data: Aside,
        target: PurePosixPath,
        record: bytes,
        record_path: PurePosixPath,
        data_of: Callable[[bytes], PurePosixPath | None],
    ) -> None:
        """Put the data, then its record, and remove the data of the record that was there.

        ``data_of`` tells where the data of a record lies. Errors: OSError, StorageError.
        """
        with self._talking() as obstore:
            put = False
            try:
                obstore.put(self._store, str(target), data.file(), mode="create", use_multipart=data.size > _CHUNK)
                self._reached("data-put")
                old = self._put_record(obstore, record, record_path)
                put = True
                self._reached("record-put")
            finally:
                if not put:
                    self._delete(target)
                elif old is not None:
                    self._remove_old(data_of(old), target)
            self._reached("old-removed")
            data.discard()

    def _put_record(self, obstore: Any, record: bytes, path: PurePosixPath) -> bytes | None:
        """Replace the record that is there, and return that one. Errors: StorageError, the client's."""
        for _ in range(ATTEMPTS):
            noted, old = self._noted(obstore, path)
            self._reached("record-noted")
            try:
                obstore.put(self._store, str(path), record, mode=noted, use_multipart=False)
            except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
                continue
            return old
        raise StorageError(f"others have replaced {self._url(path)} {ATTEMPTS} times meanwhile")

    def _remove_old(self, old: PurePosixPath | None, new: PurePosixPath) -> None:
        if old is not None and old != new:
            self._delete(old)

    def read(self, path: PurePosixPath) -> bytes:
        """All of an object. Errors: FileNotFoundError, OSError."""
        with self._talking() as obstore:
            return bytes(obstore.get(self._store, str(path)).bytes())

    def read_verified(self, path: PurePosixPath, size: int, data_version: str) -> bytes:
        """All of an object. Errors: NotMaterializedError, DamagedError if it is not this content, OSError."""
        return b"".join(self._verified(path, size, data_version))

    def verify(self, path: PurePosixPath, size: int, data_version: str) -> None:
        """Read an object and drop it. Errors: as of ``read_verified``."""
        for _ in self._verified(path, size, data_version):
            pass

    def local(self, path: PurePosixPath, size: int, data_version: str) -> Path:
        """A file of this machine with the object's content. Errors: as of ``read_verified``."""
        folder = self._cache / data_version.removeprefix("sha256:")
        target = folder / path.name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                for chunk in self._verified(path, size, data_version):
                    file.write(chunk)
                file.flush()
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return target

    def size(self, path: PurePosixPath) -> int | None:
        """Bytes of an object, or None if there is none. Errors: OSError."""
        try:
            with self._talking() as obstore:
                return int(obstore.head(self._store, str(path))["size"])
        except FileNotFoundError:
            return None

    def names(self, folder: PurePosixPath) -> list[str]:
        """Names of the objects directly below a prefix. Errors: OSError."""
        with self._talking() as obstore:
            found = obstore.list_with_delimiter(self._store, f"{folder}/")
            return [PurePosixPath(item["path"]).name for item in found["objects"]]

    def settle(self, record_path: PurePosixPath) -> None:
        """Nothing: nobody waits for others here."""

    def remove(self, record_path: PurePosixPath, target: PurePosixPath) -> None:
        """Remove a record, then its data. Errors: OSError."""
        self._delete(record_path)
        self._delete(target)

    def clean(self, keep: Callable[[bytes], PurePosixPath | None], records: str) -> int:
        """Remove objects with a name of ours that no record tells of and that are older than a day; their number.

        ``keep`` tells where the data of a record lies; ``records`` is the folder of the records. Errors: OSError.
        """
        kept: set[str] = set()
        loose: list[str] = []
        too_young = datetime.now(UTC) - timedelta(days=1)
        with self._talking() as obstore:
            for page in obstore.list(self._store, str(self.root) if self.root.parts else None):
                for item in page:
                    path = item["path"]
                    if PurePosixPath(path).is_relative_to(self.root / records):
                        kept.add(str(keep(bytes(obstore.get(self._store, path).bytes()))))
                    elif VERSIONED.search(path) and item["last_modified"] < too_young:
                        loose.append(path)
        removed = [path for path in loose if path not in kept]
        for path in removed:
            self._delete(PurePosixPath(path))
        return len(removed)

    def _delete(self, path: PurePosixPath) -> None:
        try:
            with self._talking() as obstore:
                obstore.delete(self._store, str(path))
        except FileNotFoundError:
            return

    def _noted(self, obstore: Any, record_path: PurePosixPath) -> tuple[Any, bytes | None]:
        """The condition that the record is still the one that is there now, and that one."""
        try:
            found = obstore.get(self._store, str(record_path))
        except FileNotFoundError:
            return "create", None
        condition = {name: found.meta[name] for name in ("e_tag", "version") if found.meta.get(name) is not None}
        return condition, bytes(found.bytes())

    def _verified(self, path: PurePosixPath, size: int, data_version: str) -> Iterator[bytes]:
        hashed, count = hashlib.sha256(), 0
        try:
            with self._talking() as obstore:
                for part in obstore.get(self._store, str(path)).stream(min_chunk_size=_CHUNK):
                    chunk = bytes(part)
                    hashed.update(chunk)
                    count += len(chunk)
                    yield chunk
        except FileNotFoundError:
            raise NotMaterializedError(f"{self._url(path)} is gone") from None
        if count != size:
            raise DamagedError(f"{self._url(path)} has {count} bytes, its record says {size}")
        if f"sha256:{hashed.hexdigest()}" != data_version:
            raise DamagedError(f"the content of {self._url(path)} is not that of its record")

    @contextmanager
    def _talking(self) -> Iterator[Any]:
        """Turn the client's errors into an OSError of one line; none of them holds a secret of the configuration."""
        obstore = _obstore(self._manager)
        try:
            yield obstore
        except FileNotFoundError:
            raise
        except obstore.exceptions.BaseError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            text = lines[0] if lines else type(error).__name__
            for name, secret in self._options.items():
                if "secret" in name.lower() or "token" in name.lower() or "key" in name.lower():
                    text = text.replace(secret, "***")
            raise OSError(errno.EIO, text) from None

    def _url(self, path: PurePosixPath) -> str:
        return f"{self._bucket}/{path}"


def _obstore(manager: str) -> Any:
    try:
        import obstore
        import obstore.exceptions
    except ImportError as error:
        raise MissingExtraError(f"the IO manager {manager!r} with a root in an object store", "s3") from error
    return obstore
