"""What the file stores share: where values and records lie, how they are committed, found and verified.

Below the root, values lie at their ``path`` and records at ``.records/assets/<asset>.json`` or
``.records/partitions/<asset>/<partition>.json``.
"""

from __future__ import annotations

import hashlib
import os
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from msgspec import Struct
from pydantic import field_validator, model_validator

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import SMALL, IOManager, Options, Slot, Staged
from flowstone.io.faults import Faults, fault
from flowstone.io.fsspec_kinds import OBJECTS, check_options, check_url, is_url
from flowstone.io.paths import PathTemplate, default_template, expand, is_key, is_on_shared_disk, record_place
from flowstone.io.record import Record, content_of
from flowstone.io.store import FOLDER_STEPS, Draft, Store
from flowstone.ir.types import TypeExpr

if TYPE_CHECKING:
    from flowstone.io.aside import Aside
    from flowstone.io.temporary import TemporaryDraft

T = TypeVar("T")

_PORTION = 1 << 20
_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,16})?")


class FileConfig(Options):
    """Configuration of a file store."""

    root: str | None = None
    """Folder that holds the values; relative to the project's folder. By default ``<state folder>/data/<name>``. Or a
    place in an object store: ``s3://bucket/prefix``, which needs the extra ``s3``, ``az://container/prefix``, which
    needs the extra ``azure``, or ``gs://bucket/prefix`` (``gcs``); on a server: ``sftp://user@host/folder`` (``sftp``);
    or any other URL that fsspec can write to (``fsspec``, and the package for that kind). What speaks S3 and knows its
    conditions is reached by its ``endpoint``."""
    storage_options: dict[str, str | int | bool] = {}
    """For a root that is a URL: ``endpoint``, ``region``, ``access_key_id``, ``secret_access_key`` and the like; on
    Azure ``account_name`` and ``account_key``; at Google ``token`` (the path of a key file), ``project`` and
    ``endpoint_url``; by SFTP ``username``, ``password``, ``key_filename``, ``passphrase`` and ``known_hosts``; each a
    text or a reference: ``{ env = "NAME" }``. Other kinds take what their file system in fsspec takes. What is not
    given is taken from the environment, as ``AWS_REGION``, ``AZURE_STORAGE_ACCOUNT_NAME`` or
    ``GOOGLE_APPLICATION_CREDENTIALS``."""

    @field_validator("root")
    @classmethod
    def _can_be(cls, root: str | None) -> str | None:
        if root is None:
            return root
        if root.startswith(OBJECTS):
            if not re.fullmatch(r"[a-z0-9]+://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9_./=-]*)?", root) or ".." in root:
                raise ValueError(f"{root!r} is not the URL of a bucket, with a prefix or without: s3://bucket/prefix")
            return root
        if not root or "\0" in root:
            raise ValueError(f"{root!r} is neither a folder nor a URL")
        return check_url(root) if is_url(root) else root

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        root = self.root or ""
        if self.storage_options and not is_url(root):
            raise ValueError("storage_options are for a root that is a URL, as s3://bucket/prefix")
        if is_url(root) and not root.startswith(OBJECTS):
            check_options(root, self.storage_options)
            return self
        for name, text in self.storage_options.items():
            if not isinstance(text, str):
                raise ValueError(f"storage_options.{name}: it is not a text")
            if name.lower().endswith("endpoint") and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
                raise ValueError(f"storage_options.{name}: it is not a URL such as https://host:port")
        return self


class FileOptions(Options):
    """Options of one asset in a file store."""

    path: PathTemplate | None = None
    """Relative to the root; by default ``{asset}/{partition}`` or ``{asset}`` with the format's extension."""


class Content(Struct, frozen=True):
    """A value made ready to be written."""

    extension: str
    """Of the default path, with its dot."""
    metadata: dict[str, Any]
    """Facts of the content; what is not known before it is written is added meanwhile."""
    write: Callable[[Draft], object]
    guard: Callable[[], AbstractContextManager[None]] = nullcontext
    """Lets what the user's code raises meanwhile out as it is."""


class FileManager(IOManager):
    """Base of the managers that store each value as a file."""

    steps: tuple[str, ...] = FOLDER_STEPS
    """Those of a folder; an instance has those of its store."""
    config: FileConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self.store = self._open()
        self.root = self.store.root
        self.steps = self.store.steps

    def _open(self) -> Store[TemporaryDraft] | Store[Aside]:
        from flowstone.io.stores import open_store

        config, state = self.config, state_folder(self.project_root, os.environ)
        return open_store(self.name, config.root, config.storage_options, self.project_root, state, self._tell)

    def _tell(self, step: str) -> None:
        self.reached(step)

    @classmethod
    def is_shared(cls, options: Mapping[str, Any]) -> bool | None:
        root = options.get("root")
        return True if isinstance(root, str) and is_url(root) else is_on_shared_disk(root)

    @classmethod
    def apart(cls, folder: Path, mark: str) -> dict[str, Any]:
        return {"root": str(folder), "storage_options": {}}

    @abstractmethod
    def prepare(self, slot: Slot, value: Any) -> Content:
        """How the value is written. Errors: UnsupportedTypeError."""

    @abstractmethod
    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        """The value of verified content. Errors: UnsupportedTypeError, StorageError."""

    def stage(self, slot: Slot, value: Any) -> Staged:
        return self._stage(slot, self.prepare(slot, value))

    def _stage(self, slot: Slot, content: Content) -> Staged:
        place, told = self.store.fresh(self._place(slot, content.extension))
        with content.guard(), self._faults(slot.label, "write", place):
            draft = self.store.create(place)
            try:
                content.write(draft)
                draft.sync()
            except BaseException:
                draft.discard()
                raise
        facts = {**content.metadata, "extension": content.extension, **told}
        return Staged(slot, draft.data_version, draft.size, facts, (draft, place))

    def stage_again(self, slot: Slot, record: Record, other: Slot) -> Staged:
        """Copy the bytes, whatever is in them."""
        facts = content_of(record)
        extension = str(facts.get("extension", self.default_extension))
        return self._stage(other, Content(extension, facts, partial(self._copy, slot, record)))

    def _copy(self, slot: Slot, record: Record, draft: Draft) -> None:
        with self._verified(slot, record, self.store.open_verified) as file:
            while data := file.read(_PORTION):
                draft.write(data)

    def publish(self, staged: Staged, record: Record) -> None:
        draft, place = staged.handle
        try:
            self.store.publish(draft, place, record.to_json() + b"\n", record_place(staged.slot))
        except OSError as error:
            raise self._fault(error, staged.slot, "publish", place) from error

    def discard(self, staged: Staged) -> None:
        staged.handle[0].discard()

    def record(self, slot: Slot) -> Record | None:
        place = record_place(slot)
        try:
            data = self.store.read_record(place)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._fault(error, slot, "read the record", place) from error
        try:
            record = Record.from_json(data)
        except ValueError as error:
            raise DamagedError(f"{slot.label}: the record {self.store.show(place)} cannot be read") from error
        if (record.asset, record.partition) != (slot.asset, slot.partition):
            whose = f"{record.asset}, partition {record.partition}"
            raise DamagedError(f"{slot.label}: {self.store.show(place)} is the record of {whose}")
        return record

    def records(self, slot: Slot) -> Iterator[Record]:
        for partition in self.partitions(slot):
            record = self.record(Slot(slot.asset, partition, slot.options))
            if record is not None:
                yield record

    def partitions(self, slot: Slot) -> Iterator[str | None]:
        alone = record_place(Slot(slot.asset, None, slot.options))
        folder = record_place(Slot(slot.asset, "_", slot.options)).rpartition("/")[0]
        with self._faults(slot.label, "list", folder):
            if self.store.has_record(alone):
                yield None
            names = self.store.record_names(folder)
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        yield from sorted(filter(is_key, stems))

    def intact(self, slot: Slot, record: Record) -> bool:
        place = self._stored(slot, record)
        with self._faults(slot.label, "look for", place):
            size = self.store.size(place)
        if size != record.size:
            return False
        if record.size > SMALL:
            return True
        try:
            data = self.store.read(place)
        except (OSError, StorageError):
            return False
        return f"sha256:{hashlib.sha256(data).hexdigest()}" == record.data_version

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        return self.restore(slot, record, self._verified(slot, record, self.store.read_verified), type)

    def verify(self, slot: Slot, record: Record) -> None:
        self._verified(slot, record, self.store.verify)

    def clean(self) -> int:
        with self._faults(self.name, "clean", ""):
            return self.store.clean()

    def delete(self, slot: Slot) -> bool:
        noted = record_place(slot)
        try:
            record = self.record(slot)
        except DamagedError:
            record = None
        if record is None and not self.store.has_record(noted):
            return False
        place = self._place(slot, self.default_extension) if record is None else self._stored(slot, record)
        with self._faults(slot.label, "delete", place):
            self.store.remove(noted, place)
        return True

    default_extension: ClassVar[str]
    """Of a value of which nothing is known."""

    def _verified(self, slot: Slot, record: Record, look: Callable[[str, int, str], T]) -> T:
        place = self._stored(slot, record)
        try:
            return look(place, record.size, record.data_version)
        except (NotMaterializedError, DamagedError) as error:
            self.store.settle(record_place(slot))
            raise type(error)(f"{slot.label}: {error}") from error
        except OSError as error:
            raise self._fault(error, slot, "read", place) from error

    def _stored(self, slot: Slot, record: Record) -> str:
        """Where the content of a record lies. Errors: DamagedError."""
        facts = content_of(record)
        extension = str(facts.get("extension", self.default_extension))
        if not _EXTENSION.fullmatch(extension):
            raise DamagedError(f"{slot.label}: the record names the extension {extension!r}")
        try:
            return self.store.find(self._place(slot, extension), facts)
        except DamagedError as error:
            raise DamagedError(f"{slot.label}: {error}") from None

    def _place(self, slot: Slot, extension: str) -> str:
        path = getattr(slot.options, "path", None)
        return expand(path or default_template(extension, partitioned=slot.partition is not None), slot)

    def _faults(self, label: str, doing: str, place: str) -> AbstractContextManager[None]:
        return Faults(label, doing, self.store.show(place))

    def _fault(self, error: OSError, slot: Slot, doing: str, place: str) -> StorageError:
        """The same for what each value passes through, where a context manager takes as long as a system call."""
        return fault(error, slot.label, doing, self.store.show(place))
