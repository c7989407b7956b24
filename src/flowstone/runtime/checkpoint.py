"""Values that wait for somebody to approve them: kept aside in their store, published or dropped by the decision.

The value that waits has a record like any other, under a name that no asset can have. So a later run, on whichever
engine, knows whether it is still that which would be made now, and does not make it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from flowstone.dsl.approval import Approval
from flowstone.dsl.duration import seconds
from flowstone.errors import ConfigurationError, NotApprovedError, NotMaterializedError, OutputError, StorageError
from flowstone.io.contract import IOManager, Slot
from flowstone.io.record import Record
from flowstone.io.streams import is_once
from flowstone.ir.digest import digest
from flowstone.runtime.decisions import TIMEOUT, Decision, decisions_of, told
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.reasons import differences
from flowstone.runtime.registry import add_texts
from flowstone.runtime.task import Task

APPROVAL = "approval"
"""Where the metadata of a record hold who approved the value."""


class Checkpoint:
    """The checkpoint of one task."""

    def __init__(self, task: Task, approval: Approval) -> None:
        """Errors: ConfigurationError for a store that has no place for values that wait."""
        self._task = task
        self._approval = approval
        (self._asset,) = task.prepared.outputs
        self._manager, slot_of = task.workspace.storage(self._asset.id)
        self._slot = slot_of(task.partition)
        self._decisions = decisions_of(task.workspace)
        self._basis = digest(
            [
                task.prepared.code_version,
                task.config_version,
                [[item.asset, item.partition, item.data_version] for item in task.versions],
            ]
        )

    @property
    def aside(self) -> Slot:
        """Where the value waits. Errors: ConfigurationError if that is where the value itself lies, or in memory."""
        slot = self._manager.aside(self._slot)
        if not self._manager.traits.durable:
            raise ConfigurationError(f"{self._asset.id} waits to be approved, and its store forgets it meanwhile")
        if _location(self._manager, slot) == _location(self._manager, self._slot) is not None:
            raise ConfigurationError(f"IO manager {self._manager.name!r} has no place for values that wait")
        return slot

    def settled(self, *, publish: bool) -> Outcome | None:
        """What is known without calling the function; None if it has to be called.

        Without ``publish`` nothing is published, and a value that is to be published is not known.
        Errors: NotApprovedError if nobody decided in time and the asset is to fail then; StorageError.
        """
        last = self._decisions.last().get((self._asset.id, self._task.partition))
        waiting = self._waiting()
        if waiting is None:
            return self._outcome("skipped", told(last)) if last is not None and self._still_rejects(last) else None
        if last is None or last.data_version != waiting.data_version or last.basis != self._basis:
            last = self.ask(waiting)  # whoever kept the value aside died before the question was written down
        if last.event == "asked" and last.is_over:
            last = self._time_is_over(last)
        if last.event == "asked":
            return self._outcome("waiting", f"waits for approval: {self._approval.message}")
        if last.event == "rejected":
            self._manager.delete(self.aside)
            return self._outcome("skipped", told(last))
        return self._published(waiting, last) if publish else None

    def is_needed(self, value: Any, find: Callable[[str], Callable[[Any], Any]]) -> bool:
        """Whether a value has to be approved; ``find`` gives the function of the user that says so.

        Errors: OutputError if it would have to look at what can be read only once; what it raises.
        """
        if self._approval.when is None:
            return True
        if is_once(value):
            raise OutputError(
                f"{self._asset.id} returns what can be read only once, and when= would have to look at it",
                help="return the value as a whole, or leave when= out",
            )
        return bool(find(self._approval.when)(value))

    def ask(self, record: Record) -> Decision:
        """Write down that somebody has to decide."""
        timeout = self._approval.timeout
        until = None if timeout is None else datetime.now(UTC) + timedelta(seconds=seconds(timeout))
        return self._note("asked", record.data_version, by=self._task.run.engine, until=until)

    def pass_by(self, record: Record) -> None:
        """Write down that nobody has to, and drop what may be waiting from before."""
        self._manager.delete(self.aside)
        self._note("not asked", record.data_version, by="when=", until=None)

    def waits(self, record: Record) -> Outcome:
        """The outcome of a value that has just been kept aside."""
        self.ask(record)
        return self._outcome("waiting", f"waits for approval: {self._approval.message}")

    def _note(self, event: Any, data_version: str, by: str, until: datetime | None) -> Decision:
        return self._decisions.add(
            Decision(
                at=datetime.now(UTC),
                asset=self._asset.id,
                partition=self._task.partition,
                event=event,
                data_version=data_version,
                basis=self._basis,
                by=by,
                run_id=self._task.run.id,
                message=self._approval.message,
                approvers=tuple(self._approval.approvers),
                until=until,
            )
        )

    def _waiting(self) -> Record | None:
        """The record of the value that waits, if it is what would be made now."""
        slot = self.aside
        record = self._manager.record(slot)
        task = self._task
        if record is None or any(differences(task.prepared, task.config_version, record, task.versions)):
            return None
        if task.force and not task.run.has(record.run_id):
            return None
        return record if self._manager.intact(slot, record) else None

    def _still_rejects(self, decision: Decision) -> bool:
        """Whether it rejects what would be made now. With ``cache=False`` or by force another run asks again."""
        again = self._task.force or not self._task.prepared.step.cache
        same = decision.event == "rejected" and decision.basis == self._basis
        return same and (not again or self._task.run.has(decision.run_id))

    def _time_is_over(self, asked: Decision) -> Decision:
        if self._approval.on_timeout == "fail":
            raise NotApprovedError(f"nobody decided about {self._asset.id} in time: {self._approval.message}")
        event: Any = "approved" if self._approval.on_timeout == "approve" else "rejected"
        return self._decisions.answer(asked, event, TIMEOUT, "")

    def _published(self, waiting: Record, decision: Decision) -> Outcome:
        aside = self.aside
        try:
            staged = self._manager.stage_again(aside, waiting, self._slot)
        except NotMaterializedError:
            published = self._manager.record(self._slot)  # by another run, meanwhile
            if published is None or published.data_version != waiting.data_version:
                raise
            return Outcome(self._task.prepared.step.id, self._task.partition, "reused", (published,))
        try:
            if staged.data_version != waiting.data_version:
                raise StorageError(f"{self._asset.id}: what was approved is not what its store gives back")
            approved = {"by": decision.by, "at": decision.at.isoformat(), "why": decision.why}
            content = {"content": staged.metadata} if staged.metadata else {}
            record = structs.replace(
                waiting,
                asset=self._asset.id,
                finished_at=datetime.now(UTC),
                metadata={**waiting.metadata, **content, APPROVAL: approved},
            )
            add_texts(self._task.workspace, waiting.metadata, self._task.run)
            self._manager.publish(staged, record)
        except BaseException:
            self._manager.discard(staged)
            raise
        self._manager.delete(aside)
        return Outcome(self._task.prepared.step.id, self._task.partition, "materialized", (record,))

    def _outcome(self, status: Any, reason: str) -> Outcome:
        return Outcome(self._task.prepared.step.id, self._task.partition, status, (), reason)


def _location(manager: IOManager, slot: Slot) -> str | None:
    return manager.location(slot.asset, slot.options, partitioned=slot.partition is not None)
