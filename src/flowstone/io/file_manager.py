"""What the file stores share: where values and records lie, how they are committed, found and verified.

Below the root, values lie at their ``path`` and records at ``.records/assets/<asset>.json`` or
``.records/partitions/<asset>/<partition>.json``.
"""

from __future__ import annotations

import hashlib
import os
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import ValidationError, field_validator

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import IOManager, Options, Slot, Staged
from flowstone.io.files import STEPS, FileStore, faults
from flowstone.io.paths import PathTemplate, default_template, expand
from flowstone.io.record import Record
from flowstone.io.temporary import Temporary
from flowstone.ir.types import TypeExpr

RECORDS = ".records"
SMALL = 65536
"""Up to this many bytes ``intact`` reads the content: small values are the likeliest to be wrong at the right size."""

T = TypeVar("T")

_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,16})?")


def content_of(record: Record) -> dict[str, Any]:
    """What the manager noted of the content when it staged it."""
    return dict(record.metadata.get("content") or {})


class FileConfig(Options):
    """Configuration of a file store."""

    root: str | None = None
    """Folder that holds the values; relative to the project's folder. By default ``<state folder>/data/<name>``."""

    @field_validator("root")
    @classmethod
    def _local(cls, root: str | None) -> str | None:
        if root is not None and ("://" in root or not root or "\0" in root):
            raise ValueError(f"{root!r} is not a folder; object stores are not supported yet")
        return root


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
    write: Callable[[Temporary], object]


class FileManager(IOManager):
    """Base of the managers that store each value as a file."""

    steps: ClassVar[tuple[str, ...]] = STEPS
    config: FileConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self.root = self._find_root()
        self.store = FileStore(self.root, lambda step: self.reached(step))

    def _find_root(self) -> Path:
        if self.config.root is not None:
            return self.project_root / Path(self.config.root).expanduser()
        return state_folder(self.project_root, os.environ) / "data" / self.name

    @abstractmethod
    def prepare(self, slot: Slot, value: Any) -> Content:
        """How the value is written. Errors: UnsupportedTypeError."""

    @abstractmethod
    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        """The value of verified content. Errors: UnsupportedTypeError, StorageError."""

    def stage(self, slot: Slot, value: Any) -> Staged:
        content = self.prepare(slot, value)
        target = self._target(slot, content.extension)
        with faults(slot.label, "write", target):
            temporary = self.store.create(target)
            try:
                content.write(temporary)
                temporary.sync()
            except BaseException:
                temporary.discard()
                raise
        metadata = {**content.metadata, "extension": content.extension}
        return Staged(slot, temporary.data_version, temporary.size, metadata, (temporary, target))

    def publish(self, staged: Staged, record: Record) -> None:
        temporary, target = staged.handle
        with faults(staged.slot.label, "publish", target):
            content = record.model_dump_json().encode() + b"\n"
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
        if self.store.size(self._record_path(Slot(slot.asset, None, slot.options))) is not None:
            yield None
        folder = self._record_path(Slot(slot.asset, "_", slot.options)).parent
        with faults(slot.label, "list", folder):
            try:
                names = [entry.name for entry in os.scandir(folder)]
            except FileNotFoundError:
                return
        suffix = ".json"
        yield from sorted(
            name.removesuffix(suffix) for name in names if name.endswith(suffix) and not name.startswith(".")
        )

    def intact(self, slot: Slot, record: Record) -> bool:
        target = self._stored(slot, record)
        if self.store.size(target) != record.size:
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
            return self.store.clean()

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

    def _verified(self, slot: Slot, record: Record, look: Callable[[Path, int, str], T]) -> T:
        target = self._stored(slot, record)
        try:
            with faults(slot.label, "read", target):
                return look(target, record.size, record.data_version)
        except (NotMaterializedError, DamagedError) as error:
            self.store.settle(self._record_path(slot))
            raise type(error)(f"{slot.label}: {error}") from error

    def _target(self, slot: Slot, extension: str) -> Path:
        path = getattr(slot.options, "path", None)
        template = path or default_template(extension, partitioned=slot.partition is not None)
        return self.root / expand(template, slot)

    def _stored(self, slot: Slot, record: Record) -> Path:
        extension = str(content_of(record).get("extension", self.default_extension))
        if not _EXTENSION.fullmatch(extension):
            raise DamagedError(f"{slot.label}: the record names the extension {extension!r}")
        return self._target(slot, extension)

    def _record_path(self, slot: Slot) -> Path:
        kind = "assets/{asset}.json" if slot.partition is None else "partitions/{asset}/{partition}.json"
        return self.root / RECORDS / expand(kind, slot)
