"""The materialization record: what is known of a stored value. It is written last, and no value is read without it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import msgspec
from msgspec import Struct

from flowstone.ir.node import Json

RECORD_VERSION = 1


class InputVersion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A value that was read to make another."""

    asset: str
    partition: str | None = None
    data_version: str


class CheckOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What a check said of the value."""

    name: str
    passed: bool
    blocking: bool
    metadata: dict[str, Json] = {}


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One materialization of one asset and partition. Unknown fields are refused, lest a newer one be half understood.

    One is made for each value and read for each input: making a struct takes a tenth of the time of a model.
    """

    record_version: int = RECORD_VERSION
    asset: str
    partition: str | None = None
    data_version: str
    """Hash of the stored content: ``sha256:...``."""
    code_version: str
    """Fingerprint of the code that made it."""
    config_version: str
    """Digest of the config values and storage options that it was made with."""
    inputs: tuple[InputVersion, ...] = ()
    """In the order of the dependencies, then of the keys."""
    run_id: str
    engine: str
    started_at: datetime
    finished_at: datetime
    size: int
    """Bytes stored."""
    metadata: dict[str, Json] = {}
    """What the IO manager says of the content (rows, schema ...) under ``"content"``, the user's under ``"user"``,
    what a route chose under ``"choice"``."""
    checks: tuple[CheckOutcome, ...] = ()
    flowstone: str
    """Version of FlowStone that wrote it."""

    def to_json(self) -> bytes:
        """One line of JSON. Errors: TypeError, ValueError for metadata that is no JSON value."""
        return _ENCODER.encode(self)

    @staticmethod
    def from_json(text: bytes | str) -> Record:
        """Errors: ValueError if it is not the JSON of a record."""
        try:
            return _DECODER.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(str(error)) from error

    @classmethod
    def from_builtins(cls, values: Json) -> Self:
        """Errors: ValueError if they are not those of a record."""
        return msgspec.convert(values, type=cls)

    def to_builtins(self) -> dict[str, Json]:
        """As JSON values."""
        return dict(msgspec.to_builtins(self))


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)


def content_of(record: Record) -> dict[str, Any]:
    """What the manager noted of the content when it staged it."""
    return dict(record.metadata.get("content") or {})
