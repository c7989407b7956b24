"""Steps that ask somebody outside for a value: what they wait for, and which handler is to be called.

What a function has asked for is written down when it returns. From then on it is not called again: any later attempt,
on whichever engine, finds what it waits for in the log of signals.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from flowstone.dsl.context import Context
from flowstone.dsl.signals import HandlerWord, Signal
from flowstone.errors import OutputError, SignalTimeoutError, UnsupportedTypeError
from flowstone.io.restore import restore
from flowstone.ir.config_types import adapter
from flowstone.ir.digest import digest
from flowstone.ir.gate import Gate, Handler
from flowstone.ir.node import Json
from flowstone.runtime.event_log import keeps
from flowstone.runtime.inputs import versions_of
from flowstone.runtime.metadata import json_values
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.parameters import canonical
from flowstone.runtime.signals import Event, shown, signals_of
from flowstone.runtime.task import Task

SIGNAL = "signal"
"""Where the metadata of a record hold the answer that the value was made of."""


class Answer(Struct, frozen=True):
    """What a handler is called with."""

    word: HandlerWord
    handler: Handler
    wait: Event
    sent: Event | None

    def arguments(self) -> dict[str, Any]:
        """The arguments that are not bound like those of an asset. Errors: OutputError if the payload does not fit."""
        found: dict[str, Any] = {}
        if self.handler.signal is not None:
            found[self.handler.signal] = Signal(self.wait.token, self.wait.data)
        if self.handler.payload is not None and self.sent is not None:
            found[self.handler.payload] = payload_as(self.handler, self.sent.payload, self.wait.token)
        return found

    def remember(self, context: Context) -> None:
        """Put into the context what the function that asked has put into its own."""
        context.metadata.update(self.wait.metadata)
        context.added_partitions.update({name: list(keys) for name, keys in self.wait.added.items()})

    def facts(self) -> dict[str, Json]:
        """What the record tells."""
        if self.sent is None:
            return {SIGNAL: {"token": self.wait.token, "by": "timeout"}}
        return {SIGNAL: {"token": self.wait.token, "by": self.sent.by, "at": self.sent.at.isoformat()}}


class GateWatch:
    """The gate of one task."""

    def __init__(self, task: Task, gate: Gate) -> None:
        self._task = task
        self._gate = gate
        (self._asset,) = task.prepared.outputs
        self._signals = signals_of(task.workspace)

    def waiting(self) -> Event | None:
        """What was asked for before, if the function would ask for the same now."""
        wait = self._signals.waiting((self._asset.id, self._task.partition))
        if wait is None or wait.basis != self._basis:
            return None
        failed = self._signals.talk(wait.token).failed
        if failed is not None and failed.run_id != self._task.run.id:
            return None
        return None if self._task.force and not self._task.run.has(wait.run_id) else wait

    def begin(self, signal: Any, context: Context) -> Event:
        """Write down what the function has asked for.

        Errors: OutputError if it returned no ``Signal``, or a token for which something else waits.
        """
        asset, task = self._asset.id, self._task
        if not isinstance(signal, Signal):
            raise OutputError(
                f"{asset} waits for a signal, and its function returned {type(signal).__name__}",
                help="return Signal(token=...)",
            )
        now = datetime.now(UTC)
        timeout = self._gate.timeout
        wait = Event(
            at=now,
            event="waits",
            token=signal.token,
            by=task.run.engine,
            asset=asset,
            partition=task.partition,
            basis=self._basis,
            run_id=task.run.id,
            until=None if timeout is None else now + timedelta(seconds=timeout),
            data=_data(asset, signal.data),
            metadata=json_values(context.metadata, asset),
            added=context.added_partitions,
        )
        self._demand_no_secret(wait)
        asked = self.waiting()
        if asked is not None and asked.token == wait.token:
            return asked  # somebody else has asked for the same meanwhile: to ask anew would drop the answer
        self._signals.add(wait)
        held = self._signals.talk(wait.token).wait
        if held is None or held.id != wait.id:
            other = "something else" if held is None else _place(held)
            raise OutputError(
                f"{asset} waits for {shown(wait.token)}, and so does {other}",
                help="make the token of what only this asset and partition asks for",
            )
        return wait

    def answer(self, wait: Event) -> Answer | None:
        """What to go on with; None if there is nothing yet. Errors: SignalTimeoutError if the asset is to fail."""
        sent = self._signals.talk(wait.token).sent
        if sent is not None and self._gate.on_signal is not None:
            return Answer("on_signal", self._gate.on_signal, wait, sent)
        if not wait.is_over:
            return None
        if self._gate.on_timeout is None:
            raise SignalTimeoutError(
                f"no signal {shown(wait.token)} came for {_place(wait)} in time",
                help="the next run asks anew",
            )
        return Answer("on_timeout", self._gate.on_timeout, wait, None)

    def end(self, answer: Answer) -> None:
        """Write down that nothing is waited for any more."""
        self._note("ended", answer.wait, "timeout" if answer.sent is None else "signal")

    def fail(self, wait: Event) -> None:
        """Write down that the time is over, and no value was made, so that a later run does not wait for it."""
        if wait.is_over and self._signals.talk(wait.token).sent is None:
            self._note("failed", wait, "timeout")

    def _note(self, event: Literal["failed", "ended"], wait: Event, by: str) -> None:
        self._signals.add(
            Event(
                at=datetime.now(UTC),
                event=event,
                token=wait.token,
                by=by,
                asset=wait.asset,
                partition=wait.partition,
                run_id=self._task.run.id,
            )
        )

    def outcome(self, wait: Event) -> Outcome:
        """The outcome of a step that waits."""
        return Outcome(self._task.prepared.step.id, self._task.partition, "waiting", (), told(wait))

    @property
    def _basis(self) -> str:
        task, step = self._task, self._task.prepared.step
        given = {**task.prepared.config, **task.config}
        config = {
            item.name: canonical(item, given.get(item.name, item.default), f"{step.id}.{item.name}")
            for item in step.signature.of(None).config
        }
        inputs = [
            [version.asset, version.partition, version.data_version]
            for item in task.inputs
            if item.dependency.handler is None
            for version in versions_of([item])
        ]
        return digest([self._gate.request, config, inputs])

    def _demand_no_secret(self, wait: Event) -> None:
        text = json.dumps([wait.token, wait.data, wait.metadata], ensure_ascii=False)
        if self._task.workspace.hide(text) != text:
            raise OutputError(
                f"{wait.asset} would write a secret of the project into the log of signals",
                help="make token and data without it; the handlers can take the resource that has it",
            )


def payload_as(handler: Handler, payload: Json, token: str) -> Any:
    """The payload as the handler's annotation says. Errors: OutputError if it does not fit."""
    wanted = handler.payload_type
    try:
        return restore(adapter(wanted).validate_python(payload), wanted)
    except (ValidationError, UnsupportedTypeError) as error:
        raise OutputError(f"the payload of {shown(token)} is no {wanted}: {_fault(error)}") from None


def payload_fault(handler: Handler, payload: Json) -> str | None:
    """Why a payload does not fit, as far as that is known without the project's own classes."""
    try:
        adapter(handler.payload_type).validate_python(payload)
    except ValidationError as error:
        return _fault(error)
    return None


def told(wait: Event) -> str:
    """``waits for a signal: 'order-7', until 2024-01-01 12:00:00Z``."""
    until = "" if wait.until is None else f", until {wait.until:%Y-%m-%d %H:%M:%S}Z"
    return f"waits for a signal: {shown(wait.token)}{until}"


def _fault(error: ValidationError | UnsupportedTypeError) -> str:
    if isinstance(error, UnsupportedTypeError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _data(asset: str, data: Any) -> Json:
    try:
        found: Json = to_jsonable_python(data)
    except (PydanticSerializationError, ValueError) as error:
        raise OutputError(f"the data of the signal of {asset} are no JSON value: {error}") from None
    if not keeps(found):
        raise OutputError(f"the data of the signal of {asset} hold a number or text that JSON cannot keep")
    return found


def _place(wait: Event) -> str:
    return wait.asset if wait.partition is None else f"{wait.asset}[{wait.partition}]"
