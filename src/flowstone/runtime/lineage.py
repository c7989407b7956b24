"""Which value was made from which, by the records: what one stored value was made of, or what was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowstone.io.record import InputVersion, Record
from flowstone.runtime.stored import Stored

MOST = 10_000
"""Values that one answer holds."""


@dataclass(frozen=True, slots=True)
class Link:
    """One value on the way."""

    depth: int
    """0 for the value that was asked for."""
    asset: str
    partition: str | None
    data_version: str
    """The version that took part."""
    record: Record | None
    """The record of what is stored now; None if nothing is."""
    repeated: bool = False
    """Its own links have been given before."""

    @property
    def replaced(self) -> bool:
        """Whether another version is stored now."""
        return self.record is None or self.record.data_version != self.data_version


def upstream(stored: Stored, record: Record, depth: int | None = None) -> Iterator[Link]:
    """The value, and what it was made of, each before what that was made of. Errors: StorageError."""
    first = InputVersion(asset=record.asset, partition=record.partition, data_version=record.data_version)
    seen: set[InputVersion] = set()
    stack = [(0, first)]
    while stack and len(seen) < MOST:
        level, version = stack.pop()
        now = stored.of(version.asset).records.get(version.partition) if _known(stored, version.asset) else None
        link = Link(level, version.asset, version.partition, version.data_version, now, version in seen)
        yield link
        if link.repeated or link.replaced or now is None or level == depth:
            continue
        seen.add(version)
        stack.extend((level + 1, item) for item in reversed(now.inputs))


def downstream(stored: Stored, record: Record, depth: int | None = None) -> Iterator[Link]:
    """The value, and what was made of it, each before what was made of that. Errors: StorageError."""
    project = stored.workspace.project
    users = _users(stored)
    seen: set[InputVersion] = set()
    stack = [(0, record)]
    while stack and len(seen) < MOST:
        level, made = stack.pop()
        version = InputVersion(asset=made.asset, partition=made.partition, data_version=made.data_version)
        now = stored.of(made.asset).records.get(made.partition) if made.asset in project.assets else None
        link = Link(level, made.asset, made.partition, made.data_version, now, version in seen)
        yield link
        if link.repeated or level == depth:
            continue
        seen.add(version)
        stack.extend((level + 1, item) for item in reversed(users.get(version, ())))


def _users(stored: Stored) -> dict[InputVersion, list[Record]]:
    """The records by each version that they name as an input."""
    found: dict[InputVersion, list[Record]] = {}
    for asset in stored.workspace.project.assets:
        for record in stored.of(asset).records.values():
            for version in record.inputs:
                found.setdefault(version, []).append(record)
    return found


def _known(stored: Stored, asset: str) -> bool:
    return asset in stored.workspace.project.assets
