"""The materialization record: what is known of a stored value. It is written last, and no value is read without it."""

from __future__ import annotations

from datetime import datetime

from flowstone.ir.node import Json, Node

RECORD_VERSION = 1


class InputVersion(Node):
    """A value that was read to make another."""

    asset: str
    partition: str | None = None
    data_version: str


class CheckOutcome(Node):
    """What a check said of the value."""

    name: str
    passed: bool
    blocking: bool
    metadata: dict[str, Json] = {}


class Record(Node):
    """One materialization of one asset and partition."""

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
    """What the IO manager says of the content (rows, schema ...) under ``"content"``, the user's under ``"user"``."""
    checks: tuple[CheckOutcome, ...] = ()
    flowstone: str
    """Version of FlowStone that wrote it."""
