"""Values as files: JSON, text, bytes, files and folders, and pickles where they are allowed.

The format is the option ``format`` or follows from the value: ``bytes`` are written as bytes (``.bin``), a ``Path``
is copied as a file (with its own suffix) or as a folder (``.tar``), everything else, texts too, as JSON (``.json``). A
``Path`` is loaded as the path of the stored file, or of a copy of the folder, which must only be read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal

from flowstone.config.environment import state_folder
from flowstone.errors import MissingExtraError, StorageError, UnsupportedTypeError
from flowstone.io import json_values
from flowstone.io.contract import Options, Slot, Traits
from flowstone.io.faults import Faults
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.judge import FRAME_PACKAGES, KNOWN, NO_OBJECTS, is_plain, json_refusal, refusal
from flowstone.io.paths import location
from flowstone.io.record import Record, content_of
from flowstone.io.store import Draft
from flowstone.ir.types import TypeExpr

Format = Literal["json", "text", "bytes", "file", "pickle", "cloudpickle"]

EXTENSIONS: dict[str, str] = {
    "json": ".json",
    "text": ".txt",
    "bytes": ".bin",
    "file": "",
    "pickle": ".pickle",
    "cloudpickle": ".pickle",
}
FOLDER = ".tar"
"""Extension of a folder."""
PICKLES = ("pickle", "cloudpickle")
"""Formats that run code when they are loaded."""
JSON_HELP = 'store plain values, dataclasses or pydantic models, or choose format="pickle"'

_STORED: dict[str, frozenset[str]] = {
    "text": frozenset({"str", "Literal"}),
    "bytes": frozenset({"bytes"}),
    "file": frozenset({"pathlib.Path"}),
}
_LOADED = _STORED | {"file": frozenset({"pathlib.Path", "bytes"}), "folder": frozenset({"pathlib.Path"})}


class FilesystemConfig(FileConfig):
    """Configuration of a ``filesystem`` manager."""

    allow_pickle: bool = False
    """Whether assets may ask for ``format="pickle"``, or ``"cloudpickle"``, which needs the extra of that name. Loading
    a pickle runs code: allow it only for data you trust."""


class FilesystemOptions(FileOptions):
    """Options of one asset in a ``filesystem`` manager."""

    format: Format | None = None
    """How the value is written; by default as its type asks for."""


class FilesystemManager(FileManager):
    """Stores each value as one file."""

    Config: ClassVar[type[Options]] = FilesystemConfig
    AssetOptions: ClassVar[type[Options]] = FilesystemOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None)
    default_extension: ClassVar[str] = EXTENSIONS["json"]
    config: FilesystemConfig

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        form = getattr(options, "format", None)
        return refusal(type, lambda member: _judge(member, form, loading=loading), loading=loading)

    @classmethod
    def refuses_objects(cls, options: Options) -> str | None:
        form = getattr(options, "format", None)
        if form in PICKLES:
            return None
        return NO_OBJECTS if form in (None, "json") else f"format {form!r} does not hold them"

    @classmethod
    def conflict(cls, options: Options, configured: Mapping[str, Any]) -> str | None:
        form = getattr(options, "format", None)
        if form in PICKLES and not configured.get("allow_pickle"):
            return f'format="{form}" needs allow_pickle = true in the configuration of the IO manager'
        return None

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        extension = EXTENSIONS[getattr(options, "format", None) or "json"]
        return location(asset, getattr(options, "path", None), extension, partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        form = getattr(slot.options, "format", None) or _format_of(value)
        extension = EXTENSIONS[form]
        if form == "file":
            source = self._source(slot, value)
            if source.is_dir():
                return Content(FOLDER, {"format": "folder"}, lambda draft: _pack(slot, source, draft))
            suffix = source.suffix if source.suffix[1:].isalnum() and source.suffix.isascii() else ""
            return Content(suffix[:17], {"format": form}, lambda draft: _copy(source, draft))
        data = self._encode(slot, form, value)
        return Content(extension, {"format": form}, lambda draft: draft.write(data))

    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        form = content_of(record).get("format", "json")
        if form == "json":
            return self._from_json(slot, data, type)
        if form == "text":
            return data.decode()
        if form in PICKLES:
            self._demand_pickle(slot)
            return self._from_pickle(slot, data)
        return data

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        form = content_of(record).get("format")
        self._check_loading(slot, form, type)
        if form == "file" and (type is None or type.without_none().name != "bytes"):
            return self._verified(slot, record, self.store.local)
        if form == "folder":
            return self._unpacked(slot, record)
        return super().load(slot, record, type)

    def _unpacked(self, slot: Slot, record: Record) -> Path:
        """A copy of the folder, which is put right if somebody has changed it."""
        from flowstone.io.folders import unpack

        cache = state_folder(self.project_root, os.environ) / "cache" / "folders"
        version = record.data_version.removeprefix("sha256:")
        target = cache / version / slot.asset.rpartition(".")[2]
        file = self._verified(slot, record, self.store.open_verified)
        with Faults(slot.label, "unpack", str(target)):
            unpack(file, target)
        return target

    def _check_loading(self, slot: Slot, format: Any, type: TypeExpr | None) -> None:
        if type is None or (format == "json" and is_plain(type)):
            return
        reason = refusal(type, lambda t: _judge(t, format, loading=True), loading=True)
        if reason is not None:
            raise UnsupportedTypeError(f"{slot.label}: {reason}")

    def _source(self, slot: Slot, value: Any) -> Path:
        if not isinstance(value, Path):
            raise UnsupportedTypeError(f"{slot.label}: format 'file' stores a Path, not a {_name(value)}")
        if not (value.is_file() or value.is_dir()):
            raise UnsupportedTypeError(
                f"{slot.label}: {value} is neither a file nor a folder", help="return the path of a written one"
            )
        return value

    def _encode(self, slot: Slot, format: str, value: Any) -> bytes:
        if format == "json":
            return self._to_json(slot, value)
        if format in PICKLES:
            self._demand_pickle(slot)
            return self._to_pickle(slot, format, value)
        if format == "text" and type(value) is str:
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                raise UnsupportedTypeError(f"{slot.label}: the text cannot be written as UTF-8: {error}") from error
        if format == "bytes" and type(value) is bytes:
            return value
        wanted = {"text": "a str", "bytes": "bytes"}[format]
        raise UnsupportedTypeError(f"{slot.label}: format {format!r} stores {wanted}, not a {_name(value)}")

    def _to_json(self, slot: Slot, value: Any) -> bytes:
        try:
            return json_values.dumps(value)
        except json_values.NotJsonError as error:
            frame = f"{type(value).__module__}.".startswith(FRAME_PACKAGES)
            raise UnsupportedTypeError(
                f"{slot.label}: a {_name(value)} cannot be stored as JSON: {error}",
                help="use an IO manager of type parquet for data frames" if frame else JSON_HELP,
            ) from error

    def _to_pickle(self, slot: Slot, format: str, value: Any) -> bytes:
        import pickle

        dumps = pickle.dumps if format == "pickle" else self._cloudpickle().dumps
        try:
            data: bytes = dumps(value, protocol=5)
            return data
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            raise UnsupportedTypeError(f"{slot.label}: a {_name(value)} cannot be pickled: {error}") from error

    def _from_json(self, slot: Slot, data: bytes, type: TypeExpr | None) -> Any:
        try:
            value = json_values.loads(data)
        except (ValueError, RecursionError) as error:
            raise StorageError(f"{slot.label}: the stored JSON cannot be read: {error}") from error
        if type is None or is_plain(type):
            return value
        from flowstone.io.restore import restore

        try:
            return restore(value, type)
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error

    def _from_pickle(self, slot: Slot, data: bytes) -> Any:
        import pickle

        try:
            return pickle.loads(data)  # noqa: S301 - allowed in the configuration
        except ModuleNotFoundError as error:
            if error.name == "cloudpickle":
                raise self._missing() from error
            raise StorageError(f"{slot.label}: the pickle needs the module {error.name!r}") from error

    def _cloudpickle(self) -> Any:
        try:
            return import_module("cloudpickle")
        except ImportError as error:
            raise self._missing() from error

    def _missing(self) -> MissingExtraError:
        return MissingExtraError(f"the format cloudpickle of the IO manager {self.name!r}", "cloudpickle")

    def _demand_pickle(self, slot: Slot) -> None:
        if not self.config.allow_pickle:
            raise UnsupportedTypeError(
                f"{slot.label}: pickles are not allowed in the IO manager {self.name!r}",
                help=f"set allow_pickle = true in [tool.flowstone.io_managers.{self.name}] if you trust the data",
            )


def _format_of(value: Any) -> str:
    if type(value) is bytes:
        return "bytes"
    return "file" if isinstance(value, Path) else "json"


def _pack(slot: Slot, source: Path, draft: Draft) -> None:
    from flowstone.io.folders import pack

    try:
        pack(source, draft)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


def _copy(source: Path, draft: Draft) -> None:
    import shutil

    with source.open("rb") as file:
        shutil.copyfileobj(file, draft, 1 << 20)


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _judge(type: TypeExpr, format: str | None, *, loading: bool) -> str | None:
    if format in PICKLES:
        return None
    if format in _LOADED:
        allowed = (_LOADED if loading else _STORED)[format]
        known = type.name in KNOWN or type.name.startswith(FRAME_PACKAGES)
        wanted = " or ".join(sorted(allowed - {"Literal"}))
        return f"format {format!r} holds {wanted}, not {type}" if known and type.name not in allowed else None
    return json_refusal(type, loading=loading, file=format is None)
