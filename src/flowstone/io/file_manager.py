"""What the file stores share: where values and records lie, how they are committed, found and verified.

Below the root, values lie at their ``path`` and records at ``.records/assets/<asset>.json`` or
``.records/partitions/<asset>/<partition>.json``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Self, TypeVar

from pydantic import ValidationError, field_validator, model_validator

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import IOManager, Options, Slot, Staged
from flowstone.io.files import STEPS, FileStore, faults
from flowstone.io.object_store import VERSIONED, Aside, ObjectStore, versioned
from flowstone.io.paths import PathTemplate, default_template, expand
from flowstone.io.record import Record
from flowstone.io.temporary import Temporary
from flowstone.ir.types import TypeExpr

RECORDS = ".records"
OBJECTS = ("s3://",)
"""How URLs of object stores begin."""
SMALL = 65536
"""Up to this many bytes ``intact`` reads the content: small values are the likeliest to be wrong at the right size."""

T = TypeVar("T")

_VERSION = re.compile(r"[0-9a-f]{16}")
_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,16})?")


def content_of(record: Record) -> dict[str, Any]:
    """What the manager noted of the content when it staged it."""
    return dict(record.metadata.get("content") or {})


class FileConfig(Options):
    """Configuration of a file store."""

    root: str | None = None
    """Folder that holds the values; relative to the project's folder. By default ``<state folder>/data/<name>``. Or a
    place in an object store: ``s3://bucket/prefix``, which needs the extra ``s3``."""
    storage_options: dict[str, str] = {}
    """For an object store: ``endpoint``, ``region``, ``access_key_id``, ``secret_access_key`` and the like, each a text
    or a reference: ``{ env = "NAME" }``. What is not given is taken from the environment, as ``AWS_REGION``."""

    @field_validator("root")
    @classmethod
    def _local(cls, root: str | None) -> str | None:
        if root is None:
            return root
        if root.startswith(OBJECTS):
            if not re.fullmatch(r"[a-z0-9]+://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9_./=-]*)?", root) or ".." in root:
                raise ValueError(f"{root!r} is not the URL of a bucket, with a prefix or without: s3://bucket/prefix")
            return root
        if "://" in root or not root or "\0" in root:
            raise ValueError(f"{root!r} is neither a folder nor a URL that begins with {' or '.join(OBJECTS)}")
        return root

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.storage_options and not (self.root or "").startswith(OBJECTS):
            raise ValueError("storage_options are for a root in an object store")
        for name, text in self.storage_options.items():
            if name.lower().endswith("endpoint") and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
                raise ValueError(f"storage_options.{name}: it is not a URL such as https://host:port")
        return self


class FileOptions(Options):
    """Options of one asset in a file store."""

    path: PathTemplate | None = None
    """Relative to the root; by default ``{asset}/{partition}`` or ``{asset}`` with the format's extension."""


@dataclass(frozen=True, slots=True)
class Content:
    """A value made ready to be written."""

    extension: str
    """Of the default path, with its dot."""
    metadata: dict[str, Any]
    write: Callable[[Temporary | Aside], object]


class FileManager(IOManager):
    """Base of the managers that store each value as a file."""

    steps: ClassVar[tuple[str, ...]] = STEPS
    """Those of a folder; ``object_store.STEPS`` in an object store."""
    config: FileConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self.store: Any = self._open()
        """A ``FileStore``, or an ``ObjectStore``, which does the same with objects."""
        self.root: Path | PurePosixPath = self.store.root

    def _open(self) -> FileStore | ObjectStore:
        root = self.config.root
        state = state_folder(self.project_root, os.environ)
        if root is None:
            return FileStore(state / "data" / self.name, self._tell)
        if root.startswith(OBJECTS):
            cache = state / "cache" / "objects"
            return ObjectStore(self.name, root, self.config.storage_options, cache, self._tell)
        return FileStore(self.project_root / Path(root).expanduser(), self._tell)

    def _tell(self, step: str) -> None:
        self.reached(step)

    @abstractmethod
    def prepare(self, slot: Slot, value: Any) -> Content:
        """How the value is written. Errors: UnsupportedTypeError."""

    @abstractmethod
    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        """The value of verified content. Errors: UnsupportedTypeError, StorageError."""

    def stage(self, slot: Slot, value: Any) -> Staged:
        content = self.prepare(slot, value)
        facts = {**content.metadata, "extension": content.extension}
        if isinstance(self.store, ObjectStore):
            facts["version"] = secrets.token_hex(8)
        target = self._place(slot, facts)
        if isinstance(self.store, ObjectStore):
            facts["object"] = str(target.relative_to(self.root))
        with faults(slot.label, "write", target):
            temporary = self.store.create(target)
            try:
                content.write(temporary)
                temporary.sync()
            except BaseException:
                temporary.discard()
                raise
        return Staged(slot, temporary.data_version, temporary.size, facts, (temporary, target))

    def publish(self, staged: Staged, record: Record) -> None:
        temporary, target = staged.handle
        with faults(staged.slot.label, "publish", target):
            content = record.model_dump_json().encode() + b"\n"
            if isinstance(self.store, ObjectStore):
                self.store.publish(
                    temporary, target, content, PurePosixPath(self._record_path(staged.slot)), self._told
                )
            else:
                self.store.publish(temporary, target, content, self._record_path(staged.slot))

    def discard(self, staged: Staged) -> None:
        staged.handle[0].discard()

    def record(self, slot: Slot) -> Record | None:
        path = self._record_path(slot)
        with faults(slot.label, "read the record", path):
            try:
                data = self.store.read(path)
            except FileNotFoundError:
                return None
        try:
            record = Record.model_validate_json(data)
        except ValidationError as error:
            raise DamagedError(f"{slot.label}: the record {path} cannot be read") from error
        if (record.asset, record.partition) != (slot.asset, slot.partition):
            raise DamagedError(f"{slot.label}: {path} is the record of {record.asset}, partition {record.partition}")
        return record

    def records(self, slot: Slot) -> Iterator[Record]:
        for partition in self.partitions(slot):
            record = self.record(Slot(slot.asset, partition, slot.options))
            if record is not None:
                yield record

    def partitions(self, slot: Slot) -> Iterator[str | None]:
        alone = self._record_path(Slot(slot.asset, None, slot.options))
        folder = self._record_path(Slot(slot.asset, "_", slot.options)).parent
        with faults(slot.label, "list", folder):
            if self.store.size(alone) is not None:
                yield None
            names = self.store.names(folder)
        suffix = ".json"
        yield from sorted(
            name.removesuffix(suffix) for name in names if name.endswith(suffix) and not name.startswith(".")
        )

    def intact(self, slot: Slot, record: Record) -> bool:
        target = self._stored(slot, record)
        with faults(slot.label, "look for", target):
            size = self.store.size(target)
        if size != record.size:
            return False
        if record.size > SMALL:
            return True
        try:
            data = self.store.read(target)
        except (OSError, StorageError):
            return False
        return f"sha256:{hashlib.sha256(data).hexdigest()}" == record.data_version

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        return self.restore(slot, record, self._verified(slot, record, self.store.read_verified), type)

    def verify(self, slot: Slot, record: Record) -> None:
        self._verified(slot, record, self.store.verify)

    def clean(self) -> int:
        with faults(self.name, "clean", self.root):
            if isinstance(self.store, ObjectStore):
                return self.store.clean(self._told, RECORDS)
            return int(self.store.clean())

    def delete(self, slot: Slot) -> bool:
        path = self._record_path(slot)
        try:
            record = self.record(slot)
        except DamagedError:
            record = None
        if record is None and self.store.size(path) is None:
            return False
        target = self._target(slot, self.default_extension) if record is None else self._stored(slot, record)
        with faults(slot.label, "delete", target):
            self.store.remove(path, target)
        return True

    default_extension: ClassVar[str]
    """Of a value of which nothing is known."""

    def _verified(self, slot: Slot, record: Record, look: Callable[[Any, int, str], T]) -> T:
        target = self._stored(slot, record)
        try:
            with faults(slot.label, "read", target):
                return look(target, record.size, record.data_version)
        except (NotMaterializedError, DamagedError) as error:
            self.store.settle(self._record_path(slot))
            raise type(error)(f"{slot.label}: {error}") from error

    def _target(self, slot: Slot, extension: str) -> Path | PurePosixPath:
        path = getattr(slot.options, "path", None)
        template = path or default_template(extension, partitioned=slot.partition is not None)
        return self.root / expand(template, slot)

    def _stored(self, slot: Slot, record: Record) -> Path | PurePosixPath:
        return self._place(slot, content_of(record))

    def _place(self, slot: Slot, facts: Mapping[str, Any]) -> Path | PurePosixPath:
        """Where content lies, by what was noted of it. Errors: DamagedError."""
        extension = str(facts.get("extension", self.default_extension))
        if not _EXTENSION.fullmatch(extension):
            raise DamagedError(f"{slot.label}: the record names the extension {extension!r}")
        target = self._target(slot, extension)
        if not isinstance(self.store, ObjectStore):
            return target
        version = str(facts.get("version", ""))
        if not _VERSION.fullmatch(version):
            raise DamagedError(f"{slot.label}: the record names the version {version!r}")
        return versioned(PurePosixPath(target), version)

    def _told(self, data: bytes) -> PurePosixPath | None:
        """Where the data lies of which a record in an object store tells; None if it tells nothing that can be."""
        try:
            path = PurePosixPath(self.root / content_of(Record.model_validate_json(data))["object"])
        except (ValidationError, KeyError, TypeError):
            return None
        ours = ".." not in path.parts and path.is_relative_to(self.root) and VERSIONED.search(path.name)
        return path if ours else None

    def _record_path(self, slot: Slot) -> Path | PurePosixPath:
        kind = "assets/{asset}.json" if slot.partition is None else "partitions/{asset}/{partition}.json"
        return self.root / RECORDS / expand(kind, slot)
