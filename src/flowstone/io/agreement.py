"""The columns on which the partitions of an asset agree: a note beside the records, which each writer looks at.

With the note a writer need not look at other partitions, however many there are. A partition with other columns is
stored only once the note has changed, as ``on_schema_change`` says; it never tells less than what is stored. On disk
publishers share a lock, and who changes the note has it alone; in an object store the note is put on the condition that
it is still the one that was read. Without partitions it is the value before that is looked at, and there is no note.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from flowstone.errors import StorageError
from flowstone.io.contract import ASIDE, Slot
from flowstone.io.paths import schema_place
from flowstone.io.schema_change import SchemaChange
from flowstone.io.store import Note, Store, UnavailableError
from flowstone.io.widening import agreed, columns_of, difference, shown

ATTEMPTS = 50
"""How often a writer looks again while others change the note."""
VERSION = 1

Columns = dict[str, str]
"""The names of columns with their types."""


class Before(Struct, frozen=True):
    """What is asked of what is stored."""

    partitions: Callable[[Slot], Iterable[str | None]]
    texts: Callable[[Slot], Columns | None]
    """The columns with their types, by the record of a value; None if there is none that can be read."""
    schema: Callable[[Slot], Any]
    """The Arrow schema of a stored value; None if there is none."""


class Agreement:
    """Which columns the values of each asset in a store may have."""

    def __init__(self, store: Store[Any], before: Before) -> None:
        self._store = store
        self._before = before

    def demand(self, slot: Slot, wanted: Any) -> None:
        """Errors: StorageError if the columns are not to be stored, as far as that can be seen without a lock."""
        policy = policy_of(slot)
        if policy is None or (slot.partition is None and self._before.texts(slot) == texts_of(wanted)):
            return
        held = self._before.schema(slot) if slot.partition is None else self._held(slot)[0]
        if held is not None:
            self._judged(slot, held, wanted, policy, True)

    @contextmanager
    def kept(self, slot: Slot, texts: Columns, wanted: Callable[[], Any]) -> Iterator[None]:
        """Have the columns agreed to, and let nobody change that until the value is published.

        ``wanted`` gives the Arrow schema of the texts, which is hardly ever needed. Errors: StorageError.
        """
        policy = policy_of(slot)
        if policy is None or slot.partition is None:
            if policy is not None and self._before.texts(slot) != texts:
                self.demand(slot, wanted())
            yield
            return
        place = schema_place(slot)
        with self._store.hold(place, alone=False):
            if self._fits(slot, texts, wanted):
                yield
                return
        with self._store.hold(place, alone=True) as locked:
            self._agree(slot, wanted(), policy, locked)
            yield

    def _fits(self, slot: Slot, texts: Columns, wanted: Callable[[], Any]) -> bool:
        held, _ = self._held(slot)
        return held is not None and (texts_of(held) == texts or _is_within(held, wanted()))

    def _agree(self, slot: Slot, wanted: Any, policy: SchemaChange, locked: bool) -> None:
        """Change the note so that it tells the wanted columns, too. Errors: StorageError, UnavailableError."""
        for _ in range(ATTEMPTS):
            noted, note = self._held(slot)
            held = self._of_last(slot) if noted is None else noted
            found = wanted if held is None else self._judged(slot, held, wanted, policy, locked)
            if noted is not None and found is noted:
                return
            if self._store.put_note(schema_place(slot), _to_json(slot, found), note):
                return
        raise UnavailableError(
            f"others have changed {self._store.show(schema_place(slot))} {ATTEMPTS} times meanwhile",
            "see who else makes the same asset",
        )

    def _judged(self, slot: Slot, held: Any, wanted: Any, policy: SchemaChange, locked: bool) -> Any:
        """The columns that the note tells from now on. Errors: StorageError.

        A note of nothing that is stored is one whose writer has died, or, without locks, one that is about to store.
        """
        found = agreed(held, wanted, "append" if policy == "append" else "fail")
        if found is not None:
            return held if found.equals(held) else found
        stored = list(self._before.partitions(slot))
        others = [partition for partition in stored if partition != slot.partition]
        if (not stored and locked) or (policy == "replace" and not others):
            return wanted
        raise StorageError(told_apart(slot, held, wanted), help=self._help(slot, policy, len(others)))

    def _held(self, slot: Slot) -> tuple[Any, Note | None]:
        """The columns of the note, if they can be read, and the note. Errors: StorageError for a newer release's."""
        note = self._store.read_note(schema_place(slot))
        return (None if note is None else _from_json(note.content)), note

    def _of_last(self, slot: Slot) -> Any:
        """The columns of the last partition, by its text; None if there is none that can be read.

        That is what is known of an asset that was stored when there were no notes, or whose note was removed.
        """
        stored = [partition for partition in self._before.partitions(slot) if partition != slot.partition]
        return self._before.schema(Slot(slot.asset, stored[-1], slot.options)) if stored else None

    def _help(self, slot: Slot, policy: SchemaChange, others: int) -> str:
        if policy == "append":
            return "columns can be added and types become wider; else give them one type, or make all partitions anew"
        if policy == "replace":
            return (
                f"{others} other partitions are stored: "
                'use on_schema_change="append", or remove all of them and make them again'
            )
        return (
            'allow the change with on_schema_change="append" (new columns, wider types) or "replace" (while nothing '
            "else is stored), or remove what is stored of the asset, with "
            f"{self._store.show(schema_place(slot)).rpartition('/')[0]}, and make it again"
        )


def policy_of(slot: Slot) -> SchemaChange | None:
    """The option ``on_schema_change``; None if nothing need be looked at.

    That is so for a value that replaces the only one, and for one that waits to be approved: it is looked at later.
    """
    chosen: SchemaChange | None = getattr(slot.options, "on_schema_change", None)
    if slot.asset.startswith(f"{ASIDE}."):
        return None
    if slot.partition is None:
        return None if chosen == "replace" else chosen
    return chosen or "fail"


def _is_within(held: Any, wanted: Any) -> bool:
    """Whether the note need not change for these columns."""
    found = agreed(held, wanted, "fail")
    return found is not None and bool(found.equals(held))


def told_apart(slot: Slot, held: Any, wanted: Any) -> str:
    """That the columns of a value are others than those before, and what they are."""
    before, now = columns_of(held), columns_of(wanted)
    what = "the partitions" if slot.partition is not None else "the value before"
    return (
        f"{slot.label}: its columns are not those of {what}: {difference(before, now)}; "
        f"before {shown(before)}, now {shown(now)}"
    )


def _to_json(slot: Slot, schema: Any) -> bytes:
    facts = {
        "version": VERSION,
        "asset": slot.asset,
        "columns": texts_of(schema),
        "arrow": b64encode(schema.remove_metadata().serialize().to_pybytes()).decode(),
    }
    return json.dumps(facts).encode() + b"\n"


def _from_json(content: bytes) -> Any:
    """The columns of a note; None if it cannot be read: it is made anew. Errors: StorageError."""
    import pyarrow as pa

    try:
        facts = json.loads(content)
        if facts["version"] == VERSION:
            return pa.ipc.read_schema(pa.BufferReader(b64decode(facts["arrow"], validate=True)))
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError):
        return None
    raise StorageError("the columns of the partitions were noted by a newer FlowStone", help="upgrade FlowStone here")


def texts_of(schema: Any) -> Columns:
    """The columns of an Arrow schema with their types, as records tell them."""
    return {field.name: str(field.type) for field in schema}
