"""The log of decisions: what was asked, who decided, when and why. One file in FlowStone's folder, for every engine.

Each event is one line, written by one write at the end of the file. The last one about an asset and partition holds.
"""

from __future__ import annotations

import os
import pwd
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from flowstone.config.environment import state_folder
from flowstone.dsl.partitions import PartitionKey
from flowstone.ir.asset import Asset
from flowstone.runtime.event_log import EventLog, OfAsset
from flowstone.runtime.reasons import Place
from flowstone.runtime.workspace import Workspace

FILE = "decisions.jsonl"
Event = Literal["asked", "approved", "rejected", "not asked"]
TIMEOUT = "timeout"
"""Stands for who decided, where the time was over."""


class Decision(OfAsset, Struct, frozen=True, kw_only=True):
    """One event."""

    at: datetime
    asset: str
    partition: str | None
    event: Event
    """``not asked``: the asset's ``when`` said that nobody has to approve the value."""
    data_version: str
    """Hash of the value that it is about."""
    basis: str
    """Digest of what the value was made from: code, configuration and inputs."""
    by: str = ""
    """Who decided; of a question the engine whose run asks."""
    why: str = ""
    run_id: str = ""
    message: str = ""
    approvers: tuple[str, ...] = ()
    until: datetime | None = None
    """When the time to decide is over."""


class Decisions:
    """The log of one project. Errors of each method: StorageError if the file cannot be read or written."""

    def __init__(self, home: Path) -> None:
        self._log = EventLog(home / FILE, Decision)
        self._lock = threading.Lock()
        self._last: dict[Place, Decision] = {}
        """Of what has been read: many tasks ask."""

    @property
    def path(self) -> Path:
        return self._log.path

    def all(self) -> Iterator[Decision]:
        """Every event, in order. What was cut off when a process died is left out."""
        return self._log.all()

    def last(self) -> Mapping[Place, Decision]:
        """What holds of each asset and partition."""
        with self._lock:
            again, events = self._log.new()
            if again:
                self._last = {}
            self._last |= {decision.place: decision for decision in events}
            return self._last

    def add(self, decision: Decision) -> Decision:
        """Write an event down. Gives it as it can be read: what is no Unicode text is written in other words."""
        return self._log.add(msgspec.convert(_in_unicode(decision.to_builtins()), Decision))

    def answer(self, asked: Decision, event: Event, by: str, why: str) -> Decision:
        """Write down what was decided about a question."""
        return self.add(msgspec.structs.replace(asked, at=datetime.now(UTC), event=event, by=by, why=why))


def _in_unicode(value: Any) -> Any:
    """Without halves of characters, which JSON cannot hold."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _in_unicode(item) for name, item in value.items()}
    return [_in_unicode(item) for item in value] if isinstance(value, list | tuple) else value


def user() -> str:
    """Who uses this process, by the system, and not by the environment, which says what one likes."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container
        return f"uid {os.getuid()}"


def decisions_of(workspace: Workspace) -> Decisions:
    """The log of a project."""
    return _log(state_folder(workspace.root, workspace.environment))


@lru_cache(maxsize=8)
def _log(home: Path) -> Decisions:
    """One for each folder in this process, so that what it has read it need not read again."""
    return Decisions(home)


def rejection(workspace: Workspace, asset: Asset, key: PartitionKey | None) -> Decision | None:
    """The decision by which an asset does not count for a key, whatever was approved before."""
    if workspace.project.steps[asset.step].checkpoint is None:
        return None
    last = decisions_of(workspace).last().get((asset.id, None if key is None else key.text))
    return last if last is not None and last.event == "rejected" else None


def told(decision: Decision) -> str:
    """``report was rejected by ada: too early``."""
    place = decision.asset if decision.partition is None else f"{decision.asset}[{decision.partition}]"
    how = "since nobody decided in time" if decision.by == TIMEOUT else f"by {decision.by}"
    return f"{place} was {decision.event} {how}" + (f": {decision.why}" if decision.why else "")
