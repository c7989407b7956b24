"""Comparing what engines stored: every file byte by byte, every record in all that does not name the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowstone.io.record import Record, content_of
from flowstone.runtime.checkpoint import APPROVAL
from flowstone.runtime.gate import SIGNAL
from flowstone.runtime.workspace import Workspace

_OF_THE_RUN = {"run_id", "engine", "started_at", "finished_at"}
_OF_THE_PLACE = {"object", "version", "table"}
"""What a record tells of where its value lies: by chance in an object store, in a database in the engine's schema."""

Address = tuple[str, str | None]
"""Asset and partition."""


@dataclass(frozen=True)
class Stored:
    """What one engine stored."""

    engine: str
    records: Mapping[Address, Record]
    files: Mapping[str, str]
    """Hash by path, relative to the folder of all stores."""


@dataclass(frozen=True)
class Difference:
    """A place where two engines disagree."""

    where: str
    what: str


def stored(engine: str, workspace: Workspace, data: Path) -> Stored:
    """Read what an engine stored. Errors: StorageError."""
    records = {
        (record.asset, record.partition): record
        for asset in workspace.project.assets
        for record in workspace.storage(asset)[0].records(workspace.slot(asset, None))
    }
    files = {path.relative_to(data).as_posix(): _hash(path) for path in _visible_files(data)}
    return Stored(engine, records, files)


def differences(one: Stored, other: Stored) -> Iterator[Difference]:
    """Where two engines disagree: records first, then files."""
    for address in sorted({*one.records, *other.records}, key=str):
        what = _record_difference(one, other, address)
        if what:
            yield Difference(_name(address), what)
    for path in sorted({*one.files, *other.files}):
        first, second = one.files.get(path), other.files.get(path)
        if first != second:
            missing = one.engine if first is None else other.engine
            what = "different bytes" if first and second else f"not stored by {missing}"
            yield Difference(path, f"{one.engine} and {other.engine}: {what}")


def _record_difference(one: Stored, other: Stored, address: Address) -> str | None:
    first, second = one.records.get(address), other.records.get(address)
    if first is None or second is None:
        return f"no record by {one.engine if first is None else other.engine}"
    if first.run_id == second.run_id:
        return f"{one.engine} and {other.engine} have one store between them, so that only one of them has made it"
    ours, theirs = _facts(first), _facts(second)
    fields = [field for field in ours if ours[field] != theirs[field]]
    return f"{one.engine} and {other.engine} differ in {', '.join(fields)}" if fields else None


def _facts(record: Record) -> dict[str, Any]:
    """What the engines have to agree in."""
    found = {name: value for name, value in record.to_builtins().items() if name not in _OF_THE_RUN}
    for answer in (SIGNAL, APPROVAL):
        if isinstance(told := found["metadata"].get(answer), dict):
            found["metadata"][answer] = {name: value for name, value in told.items() if name != "at"}
    found["metadata"]["content"] = {k: v for k, v in content_of(record).items() if k not in _OF_THE_PLACE}
    return found


def counts(records: Mapping[Address, Record]) -> dict[str, tuple[int, int]]:
    """For each asset the number of its partitions and of its bytes."""
    found: dict[str, tuple[int, int]] = {}
    for (asset, _), record in records.items():
        partitions, size = found.get(asset, (0, 0))
        found[asset] = partitions + 1, size + record.size
    return found


def missing_assets(everything: Sequence[str], results: Stored) -> list[str]:
    """Assets that should have been stored and were not: equal emptiness proves nothing."""
    made = {asset for asset, _ in results.records}
    return [asset for asset in everything if asset not in made]


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(address: Address) -> str:
    asset, partition = address
    return asset if partition is None else f"{asset}[{partition}]"
