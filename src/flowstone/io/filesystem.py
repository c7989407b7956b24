"""Values as files on a local or mounted disk: JSON, text, bytes, whole files, and pickles where they are allowed.

The format is the option ``format`` or follows from the value: ``bytes`` are written as bytes (``.bin``), a ``Path``
is copied as a file (with its own suffix), everything else, texts too, as JSON (``.json``). A ``Path`` is loaded as
the path of the stored file, which must only be read.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any, ClassVar, Literal

from flowstone.errors import StorageError, UnsupportedTypeError
from flowstone.io import json_values
from flowstone.io.contract import Options, Slot, Traits
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.judge import FRAME_PACKAGES, KNOWN, json_refusal, refusal
from flowstone.io.paths import location
from flowstone.io.record import Record, content_of
from flowstone.io.restore import restore
from flowstone.io.store import Draft
from flowstone.ir.types import TypeExpr

Format = Literal["json", "text", "bytes", "file", "pickle"]

EXTENSIONS: dict[str, str] = {"json": ".json", "text": ".txt", "bytes": ".bin", "file": "", "pickle": ".pickle"}
JSON_HELP = 'store plain values, dataclasses or pydantic models, or choose format="pickle"'

_STORED: dict[str, frozenset[str]] = {
    "text": frozenset({"str", "Literal"}),
    "bytes": frozenset({"bytes"}),
    "file": frozenset({"pathlib.Path"}),
}
_LOADED = _STORED | {"file": frozenset({"pathlib.Path", "bytes"})}


class FilesystemConfig(FileConfig):
    """Configuration of a ``filesystem`` manager."""

    allow_pickle: bool = False
    """Whether assets may ask for ``format="pickle"``. Loading a pickle runs code: allow it only for data you trust."""


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
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        extension = EXTENSIONS[getattr(options, "format", None) or "json"]
        return location(asset, getattr(options, "path", None), extension, partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        form = getattr(slot.options, "format", None) or _format_of(value)
        extension = EXTENSIONS[form]
        if form == "file":
            source = self._source(slot, value)
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
        if form == "pickle":
            self._demand_pickle(slot)
            return pickle.loads(data)  # noqa: S301 - allowed in the configuration
        return data

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        form = content_of(record).get("format")
        self._check_loading(slot, form, type)
        if form == "file" and (type is None or type.without_none().name != "bytes"):
            return self._verified(slot, record, self.store.local)
        return super().load(slot, record, type)

    def _check_loading(self, slot: Slot, format: Any, type: TypeExpr | None) -> None:
        reason = None if type is None else refusal(type, lambda t: _judge(t, format, loading=True), loading=True)
        if reason is not None:
            raise UnsupportedTypeError(f"{slot.label}: {reason}")

    def _source(self, slot: Slot, value: Any) -> Path:
        if not isinstance(value, Path):
            raise UnsupportedTypeError(f"{slot.label}: format 'file' stores a Path, not a {_name(value)}")
        if not value.is_file():
            raise UnsupportedTypeError(f"{slot.label}: {value} is not a file", help="return the path of a written file")
        return value

    def _encode(self, slot: Slot, format: str, value: Any) -> bytes:
        if format == "json":
            return self._to_json(slot, value)
        if format == "pickle":
            self._demand_pickle(slot)
            return self._to_pickle(slot, value)
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

    def _to_pickle(self, slot: Slot, value: Any) -> bytes:
        try:
            return pickle.dumps(value, protocol=5)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            raise UnsupportedTypeError(f"{slot.label}: a {_name(value)} cannot be pickled: {error}") from error

    def _from_json(self, slot: Slot, data: bytes, type: TypeExpr | None) -> Any:
        try:
            value = json_values.loads(data)
        except (ValueError, RecursionError) as error:
            raise StorageError(f"{slot.label}: the stored JSON cannot be read: {error}") from error
        try:
            return restore(value, type)
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error

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


def _copy(source: Path, draft: Draft) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, draft, 1 << 20)


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _judge(type: TypeExpr, format: str | None, *, loading: bool) -> str | None:
    if format == "pickle":
        return None
    if format in _STORED:
        allowed = (_LOADED if loading else _STORED)[format]
        known = type.name in KNOWN or type.name.startswith(FRAME_PACKAGES)
        wanted = " or ".join(sorted(allowed - {"Literal"}))
        return f"format {format!r} holds {wanted}, not {type}" if known and type.name not in allowed else None
    return json_refusal(type, loading=loading, file=format is None)
