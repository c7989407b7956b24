"""One attempt to run a task in this process: exceptions become results."""

from __future__ import annotations

import contextlib
import importlib
import sysconfig
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

import flowstone
from flowstone.errors import FlowStoneError, StorageError
from flowstone.io.record import Record
from flowstone.runner.result import Failure, Order, Result
from flowstone.runtime.materialize import find_settled, materialize
from flowstone.runtime.outcome import Outcome, Status
from flowstone.runtime.retries import worth_retrying
from flowstone.runtime.workspace import Workspace

_OWN = (str(Path(flowstone.__file__).parent), contextlib.__file__, importlib.__file__, "<frozen importlib.")
"""Where frames lie that tell a user nothing."""
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
"""Where packages lie. A fault of a store tells in its message what their frames would: those of the store's driver."""


def attempt(workspace: Workspace, order: Order) -> Result:
    """Run a task. Errors: none but KeyboardInterrupt, which may be that of a user who waits for the run."""
    started = time.perf_counter()
    try:
        outcome = materialize(workspace, order.step, order.partition, order.run, force=order.force)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the outcome of user code, whatever it is
        return failed(workspace, order, error, time.perf_counter() - started)
    return _done(outcome, time.perf_counter() - started)


def settled(workspace: Workspace, order: Order) -> Result | None:
    """The result of an order that needs no function to be called, or None. Faults are left to the attempt."""
    if order.force and order.step not in workspace.project.routes:
        return None
    started = time.perf_counter()
    try:
        outcome = find_settled(workspace, order.step, order.partition, order.run, force=order.force)
    except (FlowStoneError, OSError):
        return None
    return None if outcome is None else _done(outcome, time.perf_counter() - started)


def _done(outcome: Outcome, elapsed: float) -> Result:
    if outcome.status in ("skipped", "waiting"):
        return Result(outcome.status, elapsed, reason=outcome.reason)
    return succeeded(outcome.status, outcome.records, elapsed)


def failed(workspace: Workspace, order: Order, error: BaseException, elapsed: float, output: str = "") -> Result:
    """The result of an attempt that ended with an exception."""
    step = workspace.project.steps.get(order.step)
    policy = None if step is None else step.retries
    hide = workspace.redactor.text
    failure = Failure(
        kind=type(error).__name__,
        message=hide(_message(error)) or type(error).__name__,
        help=workspace.redactor.help_of(error),
        traceback=hide(user_traceback(error)),
        retryable=worth_retrying(error, policy),
        output=hide(output),
    )
    return Result("failed", elapsed, failure=failure)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a class of the user's; the traceback says it in the same words
        return "<exception str() failed>"


def user_traceback(error: BaseException) -> str:
    """The traceback without the frames of FlowStone; empty if nothing is left that tells a user something."""
    whole = traceback.TracebackException.from_exception(error)
    for part in _chain(whole):
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if not frame.filename.startswith(_OWN)]
        )
    frames = [frame for part in _chain(whole) for frame in part.stack]
    told = isinstance(error, StorageError) and all(frame.filename.startswith(_INSTALLED) for frame in frames)
    if (not frames and not isinstance(error, SyntaxError)) or told:
        return ""
    return "".join(whole.format())


def _chain(whole: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(item for item in (part.__cause__, part.__context__) if item is not None)


def succeeded(status: Status, records: Iterable[Record], elapsed: float) -> Result:
    """The result of a task whose outputs have these records."""
    rows: int | None = None
    size = 0
    warnings: tuple[str, ...] = ()
    for record in records:
        size += record.size
        counted = record.metadata.get("content", {}).get("rows") if record.metadata else None
        if isinstance(counted, int):
            rows = counted if rows is None else rows + counted
        if record.checks:
            warnings += tuple(check.name for check in record.checks if not check.passed)
    return Result(status, elapsed, rows, size, warnings)
