"""The log of signals: what waits for which token, and what was sent. One file in FlowStone's folder, for every engine.

A signal may be sent before anything waits for it. One token stands for one answer: of two the first counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from msgspec import Struct, field

from flowstone.config.environment import state_folder
from flowstone.errors import UsageError
from flowstone.ir.node import Json
from flowstone.runtime.event_log import EventLog, Log, OfAsset
from flowstone.runtime.reasons import Place

if TYPE_CHECKING:
    from flowstone.runtime.workspace import Workspace

FILE = "signals.jsonl"
MAX_PAYLOAD = 1_000_000
"""Longest payload, in bytes of JSON: what is larger belongs into a store."""
SHOWN = 80
"""Characters of a token that messages show."""


class Event(OfAsset, Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a token."""

    at: datetime
    event: Literal["waits", "sent", "failed", "ended"]
    """``failed``: the time was over, and no value was made; the next run asks anew."""
    token: str
    id: str = field(default_factory=lambda: uuid4().hex)
    by: str = ""
    """Who sent it; of what waits the engine; of what ended ``signal`` or ``timeout``."""
    asset: str = ""
    partition: str | None = None
    basis: str = ""
    """Digest of what the request was made from: the function's code, its configuration and its inputs."""
    run_id: str = ""
    until: datetime | None = None
    data: Json = None
    """What the function that asked wants to be kept."""
    metadata: dict[str, Json] = {}
    """What it has put into ``ctx.metadata``: the record has it, too."""
    added: dict[str, list[str]] = {}
    """The partitions that it adds, which are there once the value is."""
    payload: Json = None


class Talk(Struct):
    """What holds of one token."""

    wait: Event | None = None
    """What waits for it now."""
    sent: Event | None = None
    """The signal, as long as it is for what waits, or will."""
    failed: Event | None = None
    """The last attempt to do without it when the time was over."""
    ended: Event | None = None
    """Why nothing waits any more."""
    taken: Event | None = None
    """The signal of which the value was made then."""


class Signals:
    """The log of one project. Errors of each method: StorageError if the file cannot be read or written."""

    def __init__(self, log: Log[Event]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._talks: dict[str, Talk] = {}
        self._tokens: dict[Place, str] = {}
        """The token for which each asset and partition waits."""

    def talk(self, token: str) -> Talk:
        """What holds of a token."""
        with self._lock:
            self._read()
            return self._talks.get(token, Talk())

    def waiting(self, place: Place) -> Event | None:
        """What an asset and partition waits for."""
        with self._lock:
            self._read()
            token = self._tokens.get(place)
            return None if token is None else self._talks[token].wait

    def open(self) -> Iterator[Talk]:
        """Everything that waits, and every signal that nothing waits for yet."""
        with self._lock:
            self._read()
            return iter([talk for talk in self._talks.values() if talk.wait is not None or talk.sent is not None])

    def add(self, event: Event) -> Event:
        """Write an event down."""
        return self._log.add(event)

    def send(self, token: str, payload: Json, by: str) -> Event:
        """Write a signal down. Errors: UsageError if it would not count; StorageError."""
        self._demand_open(token, None)
        sent = self.add(Event(at=datetime.now(UTC), event="sent", token=token, payload=payload, by=by))
        self._demand_open(token, sent)  # somebody may have been faster
        return sent

    def _demand_open(self, token: str, own: Event | None) -> None:
        talk = self.talk(token)
        told = shown(token)
        if own is not None and own.id in [item.id for item in (talk.sent, talk.taken) if item is not None]:
            return
        if talk.ended is not None and talk.wait is None:
            why = _WHY_ENDED.get(talk.ended.by, "what waited for it has asked anew")
            raise UsageError(f"nothing waits for {told} any more: {why}", help="flowstone signals")
        if talk.sent is not None:
            when = f"{talk.sent.at:%Y-%m-%d %H:%M:%S}Z by {talk.sent.by}"
            raise UsageError(f"the signal {told} was sent before: {when}", help="the first one counts")
        if talk.wait is not None and talk.wait.is_over:
            raise UsageError(f"the time to send {told} is over", help="the next run goes by on_timeout")
        if own is not None:
            raise UsageError(f"the signal {told} came too late")

    def _read(self) -> None:
        again, events = self._log.new()
        if again:
            self._talks, self._tokens = {}, {}
        for event in events:
            talk = self._talks.setdefault(event.token, Talk())
            if event.event == "sent":
                _sent(talk, event)
            elif event.event == "ended":
                self._ended(talk, event)
            elif event.event == "failed":
                talk.failed = event
            elif talk.wait is None or talk.wait.place == event.place:
                self._waits(talk, event)

    def _waits(self, talk: Talk, event: Event) -> None:
        """An asset asks. What it asked before is over, with what was sent for that."""
        if (before := self._tokens.get(event.place)) is not None:
            self._end(self._talks[before], event)
        if talk.ended is not None:
            talk.sent = talk.ended = None
        talk.wait = event
        self._tokens[event.place] = event.token

    def _ended(self, talk: Talk, event: Event) -> None:
        if talk.wait is not None and talk.wait.place == event.place:
            self._end(talk, event)

    def _end(self, talk: Talk, event: Event) -> None:
        if talk.wait is not None:
            self._tokens.pop(talk.wait.place, None)
        talk.taken = talk.sent if event.by == "signal" else None
        talk.wait = talk.sent = talk.failed = None
        talk.ended = event


_WHY_ENDED: Mapping[str, str] = {"signal": "it was sent before", "timeout": "its time was over"}


def _sent(talk: Talk, event: Event) -> None:
    """The first signal counts, if it came in time."""
    late = talk.wait is not None and talk.wait.until is not None and event.at >= talk.wait.until
    if talk.sent is None and talk.ended is None and not late:
        talk.sent = event


def shown(token: str) -> str:
    """A token in a message."""
    return repr(token if len(token) <= SHOWN else f"{token[:SHOWN]}...")


def signals_of(workspace: Workspace) -> Signals:
    """The log of a project."""
    if workspace.signals is not None:
        return workspace.signals
    return open_signals(state_folder(workspace.root, workspace.environment))


@lru_cache(maxsize=8)
def open_signals(home: Path) -> Signals:
    """One for each folder in this process, so that what it has read it need not read again."""
    return Signals(EventLog(home / FILE, Event))
