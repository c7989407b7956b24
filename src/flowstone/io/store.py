"""What a file store lies in: a folder (``files``), or a place in an object store (``object_store``).

Every file has a *place*: its path below the root, with slashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from flowstone.io.spool import OpenFile

RECORDS = ".records"
"""The folder of the records, below the root."""
FOLDER_STEPS = (
    "data-created",
    "data-written",
    "data-synced",
    "record-created",
    "record-written",
    "record-synced",
    "record-announced",
    "data-renamed",
    "record-renamed",
    "data-folder-synced",
    "record-folder-synced",
)
"""The steps of publishing in a folder, in order."""


class UnavailableError(OSError):
    """A store does not answer as it should. ``help`` says what to look at."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class Draft(Protocol):
    """A value that is being written where no reader looks; it counts and hashes what goes through.

    It has what ``pyarrow`` asks of a file to write to.
    """

    size: int
    """Bytes that were written."""

    @property
    def data_version(self) -> str:
        """``sha256:`` and the hex digest of what was written."""

    @property
    def closed(self) -> bool:
        """Whether it was published or discarded."""

    def write(self, data: bytes) -> int:
        """Write all of the data. Errors: OSError."""

    def tell(self) -> int:
        """Bytes that were written."""

    def flush(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing: a draft ends when it is published or discarded."""

    def sync(self) -> None:
        """Nothing more will be written. Errors: OSError."""

    def reader(self) -> OpenFile:
        """What was written, open to be read, whatever becomes of the draft. Errors: OSError."""

    def discard(self) -> None:
        """Drop it, unless it was published or discarded before."""


class Note(Struct, frozen=True):
    """What is noted beside the records, and by what it is known again."""

    content: bytes
    mark: Any = None
    """The store's own."""


D = TypeVar("D", bound=Draft)


class Store(Protocol[D]):
    """Files with records. May be used by several threads and processes at once."""

    @property
    def root(self) -> PurePath:
        """The folder, or the prefix in the bucket."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of publishing, in order."""

    def show(self, place: str) -> str:
        """The whole path or URL of a place, for people."""

    def fresh(self, place: str) -> tuple[str, dict[str, str]]:
        """Where a new value is put whose place is this, and what its record tells so that ``find`` finds it there."""

    def find(self, place: str, facts: Mapping[str, object]) -> str:
        """Where the value lies whose record tells the facts. Errors: DamagedError for facts that cannot be."""

    def create(self, place: str) -> D:
        """What a value is written to before it is published. Errors: OSError, StorageError."""

    def publish(self, data: D, place: str, record: bytes, record_place: str) -> None:
        """Make the data visible, then its record. Errors: OSError, StorageError."""

    def read(self, place: str) -> bytes:
        """All of a file. Errors: FileNotFoundError, OSError, StorageError."""

    def read_record(self, place: str) -> bytes:
        """All of the current record. Errors: FileNotFoundError, OSError, StorageError."""

    def has_record(self, place: str) -> bool:
        """Whether there is a record, readable or not. Errors: OSError, StorageError."""

    def record_names(self, folder: str) -> list[str]:
        """Names of what lies in a folder of records. Errors: OSError, StorageError."""

    def read_verified(self, place: str, size: int, data_version: str) -> bytes:
        """All of a file. Errors: NotMaterializedError, DamagedError if it is not this content, OSError."""

    def open_verified(self, place: str, size: int, data_version: str) -> OpenFile:
        """A file, open to be read in portions once all of it is verified. It stays as it is, whatever is published.

        Errors: as of ``read_verified``.
        """

    def verify(self, place: str, size: int, data_version: str) -> None:
        """Read a file and drop it. Errors: as of ``read_verified``."""

    def local(self, place: str, size: int, data_version: str) -> Path:
        """A file of this machine with that content. Errors: as of ``read_verified``."""

    def size(self, place: str) -> int | None:
        """Bytes of a file, or None if there is none. Errors: OSError."""

    def hold(self, place: str, *, alone: bool) -> AbstractContextManager[bool]:
        """Let nobody change a note, or, ``alone``, let nobody rely on it; whether there are locks. Errors: OSError."""

    def read_note(self, place: str) -> Note | None:
        """What is noted at a place below the records. Errors: OSError, StorageError."""

    def put_note(self, place: str, content: bytes, seen: Note | None) -> bool:
        """Note something, unless another note is there by now than the one that was seen; whether it is noted.

        For who holds the place ``alone``. Errors: OSError, StorageError.
        """

    def settle(self, record_place: str) -> None:
        """Wait until nobody is publishing beside the record, if publishing has a moment that readers can see."""

    def remove(self, record_place: str, place: str) -> None:
        """Remove a record, then its data. Errors: OSError, StorageError."""

    def clean(self) -> int:
        """Remove what dead writers left; the number of files. Errors: OSError."""
