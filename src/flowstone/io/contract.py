"""The contract of an IO manager.

A value is *staged* (written where no reader looks), then *published*: made visible atomically, the record last. A
crash between leaves the old value with its record, or a value whose record does not match, which readers treat as
missing. For one asset and partition everything is idempotent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict

from flowstone.errors import DamagedError, NotMaterializedError, StorageError, UnsupportedTypeError
from flowstone.io.record import Record
from flowstone.ir.types import TypeExpr

ASIDE = "flowstone_waiting"
"""Namespace of the values that wait until they are approved."""
READ_ATTEMPTS = 100
"""How often ``read`` tries to find a value and its record together while others publish."""
SMALL = 65536
"""Up to this many bytes ``intact`` reads the content: small values are the likeliest to be wrong at the right size."""


class Options(BaseModel):
    """Base of an IO manager's configuration and of its per-asset options: frozen, unknown names refused.

    Validators are made when they are first needed: most commands need few of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Slot(Struct, frozen=True):
    """Where one value belongs: an asset, its partition, and the asset's options for this manager."""

    asset: str
    partition: str | None
    """Canonical text of the key; None for an unpartitioned asset."""
    options: Options

    @property
    def label(self) -> str:
        """The asset, with its partition in brackets."""
        return self.asset if self.partition is None else f"{self.asset}[{self.partition}]"


class Staged(Struct):
    """A value that is written but not visible yet."""

    slot: Slot
    data_version: str
    """``sha256:`` and the hex digest of the content."""
    size: int
    """Bytes."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """JSON facts about the content: rows, columns, schema, form."""
    handle: Any = None
    """The manager's own."""


class Traits(Struct, frozen=True):
    """What the compiler must know of a manager."""

    durable: bool
    """A value can be read by another process, and after the process that stored it has ended."""
    shared: bool | None
    """A value can be read from another machine; None if that depends on the configuration (``is_shared``)."""
    single_writer: bool = False
    """Only one process at a time may write."""
    families: tuple[tuple[str, ...], ...] = ()
    """Groups of type names (as in ``TypeExpr``) within which any can be stored and loaded as any other."""


class IOManager(ABC):
    """Base of all IO managers. One instance serves all assets that name it; it may be used by several threads."""

    Config: ClassVar[type[Options]]
    """What ``[tool.flowstone.io_managers.NAME]`` accepts beside ``type``."""
    AssetOptions: ClassVar[type[Options]]
    """What an asset's storage keywords accept."""
    traits: ClassVar[Traits]
    extra: ClassVar[str | None] = None
    """Extra that installs what the manager needs."""
    steps: tuple[str, ...] = ()
    """Names of the points in ``stage`` and ``publish`` at which ``reached`` is called, in order."""
    gaps: ClassVar[Mapping[str, str]] = {}
    """Tests of the contract suite (``flowstone.testing``) that the manager does not pass, with the reason."""

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        self.name = name
        self.config = config
        self.project_root = project_root

    @classmethod
    @abstractmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        """Why a value of the type cannot be stored (or loaded); None if it can, or if that is not known."""

    @classmethod
    def refuses_objects(cls, options: Options) -> str | None:
        """Why objects of plain classes (no records, models, enums or frames) cannot be stored; None if they can, or if
        that is not known.
        """
        return None

    @classmethod
    def conflict(cls, options: Options, configured: Mapping[str, Any]) -> str | None:
        """Why the options of an asset do not go with those of the manager; None if they do, or if that is not known.

        ``configured`` is as for ``is_shared``.
        """
        return None

    @classmethod
    def is_shared(cls, options: Mapping[str, Any]) -> bool | None:
        """Whether a value can be read from another machine, by the manager's options as they are configured: not
        validated, with references to secrets in them. None if that cannot be known.
        """
        return cls.traits.shared

    @classmethod
    def apart(cls, folder: Path, mark: str) -> dict[str, Any]:
        """Options that replace the configured ones where values have to be apart from those: they lie below the folder,
        or where they are configured to lie, under the mark, which is a name that nothing has yet. By default the option
        ``root`` is the folder, if there is such an option.
        """
        return {"root": str(folder)} if "root" in cls.Config.model_fields else {}

    def remove_apart(self, mark: str) -> None:  # noqa: B027 - most have nothing there
        """Remove what lies outside of the folder under a mark that was given to ``apart``. Errors: StorageError."""

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        """Text that is equal for two assets that would overwrite each other; None if they cannot. May hold
        ``{partition}``. Errors: ValueError if the options cannot hold a partitioned asset, with the reason.
        """
        return None

    def aside(self, slot: Slot) -> Slot:
        """Where a value waits until it is approved: the default place of an asset that nobody can declare.

        A manager whose options say in another way where a value lies has to leave that out, too.
        """
        places = {name: None for name in ("path", "table") if hasattr(slot.options, name)}
        return Slot(f"{ASIDE}.{slot.asset}", slot.partition, slot.options.model_copy(update=places))

    @abstractmethod
    def stage(self, slot: Slot, value: Any) -> Staged:
        """Write the value where no reader looks. Errors: UnsupportedTypeError, StorageError."""

    def stage_again(self, slot: Slot, record: Record, other: Slot) -> Staged:
        """Stage the value of a record for another slot, as it is stored.

        By default it is loaded, and may then differ. Errors: as of ``load`` and ``stage``.
        """
        return self.stage(other, self.load(slot, record, None))

    @abstractmethod
    def publish(self, staged: Staged, record: Record) -> None:
        """Make the staged value visible, atomically, and then its record. Errors: StorageError."""

    @abstractmethod
    def discard(self, staged: Staged) -> None:
        """Drop a staged value. Dropping one that is gone is fine."""

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        """The staged value, in the form asked for: what a check receives if the value was used up by storing it.

        A manager that stores record batches has to know this. Errors: UnsupportedTypeError, StorageError.
        """
        raise UnsupportedTypeError(
            f"{staged.slot.label}: its IO manager {self.name!r} cannot load a value before it is published, "
            "and an iterator can be read only once",
            help="return a value that can be read again, or do without checks",
        )

    @abstractmethod
    def record(self, slot: Slot) -> Record | None:
        """The record, or None if there is none. Errors: DamagedError for one that cannot be read."""

    @abstractmethod
    def records(self, slot: Slot) -> Iterator[Record]:
        """All records of the slot's asset, whatever their partition, in the order of the partition's text."""

    @abstractmethod
    def partitions(self, slot: Slot) -> Iterator[str | None]:
        """Partitions of the slot's asset of which there is a record, also one that cannot be read; None for that of an
        unpartitioned asset. In the order of their texts.
        """

    @abstractmethod
    def intact(self, slot: Slot, record: Record) -> bool:
        """Whether the content of the record seems to be stored: a cheap look (existence and size), not a proof."""

    @abstractmethod
    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        """The value in the form that the consumer annotated; None lets the manager choose the form that was stored.

        Errors: NotMaterializedError if the content is gone, DamagedError if it is not that of the record (one that
        has been replaced since by another, too: ``read`` looks again), UnsupportedTypeError.
        """

    def read(self, slot: Slot, type: TypeExpr | None) -> tuple[Record, Any]:
        """The current record and its value, which belong together even while others publish.

        Errors: NotMaterializedError, DamagedError, UnsupportedTypeError, StorageError.
        """
        record = self.record(slot)
        for _ in range(READ_ATTEMPTS):
            if record is None:
                raise NotMaterializedError(f"{slot.label}: no value is stored")
            try:
                return record, self.load(slot, record, type)
            except (DamagedError, NotMaterializedError):
                seen, record = record, self.record(slot)
                if record == seen:
                    raise
        raise StorageError(
            f"{slot.label} was published {READ_ATTEMPTS} times while it was read", help="see who else makes it"
        )

    def together(self, values: Sequence[tuple[Slot, Record]], type: TypeExpr | None) -> Iterator[Any]:
        """The values of several partitions of one asset, as ``load`` gives them, each once it is asked for.

        A manager of tables may give them the columns that they need to be put together. Errors: as of ``load``.
        """
        for slot, record in values:
            yield self.load(slot, record, type)

    def verify(self, slot: Slot, record: Record) -> None:
        """Make sure that the whole content is that of the record. Nothing that is stored is run or unpickled.

        Errors: NotMaterializedError, DamagedError, StorageError.
        """
        self.load(slot, record, None)

    def clean(self) -> int:
        """Remove what attempts left that have ended before they published; the number of things removed.

        What a living process writes is never touched, nor is anything that has a record. Errors: StorageError.
        """
        return 0

    def reached(self, step: str) -> None:  # noqa: B027 - a hook that tests replace
        """Called at each of ``steps``. Does nothing; tests of crash safety put themselves in its place."""

    @abstractmethod
    def delete(self, slot: Slot) -> bool:
        """Delete the record, then the value. False if there was none."""
