"""The materialization record: what is known of a stored value. It is written last, and no value is read without it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from flowstone.ir.node import Json, Node

RECORD_VERSION = 1

_BUILT = ConfigDict(defer_build=False)
"""Validators of records are made on import: threads use them at once, and not every release of pydantic makes a
deferred one safely then."""


class InputVersion(Node):
    """A value that was read to make another."""

    model_config = _BUILT

    asset: str
    partition: str | None = None
    data_version: str


class CheckOutcome(Node):
    """What a check said of the value."""

    model_config = _BUILT

    name: str
    passed: bool
    blocking: bool
    metadata: dict[str, Json] = {}


class Record(Node):
    """One materialization of one asset and partition."""

    model_config = _BUILT

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


def content_of(record: Record) -> dict[str, Any]:
    """What the manager noted of the content when it staged it."""
    return dict(record.metadata.get("content") or {})
