"""A function that is run once for each item, some at once; results are collected in the order of the items."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from itertools import count, islice
from typing import Any

from msgspec import Struct

from flowstone.dsl.scatter import Scatter
from flowstone.errors import OutputError
from flowstone.io.restore import restore
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.runtime.items import MISSING, DoneItems, item_name
from flowstone.runtime.pace import Pace

TOLD = 100
"""Failed items that the record tells of."""


class _Unit(Struct, frozen=True):
    """What one call is for."""

    place: int
    first: int
    """The number of its first item, from 0."""
    items: tuple[Any, ...]
    argument: Any
    """What the parameter receives: the item, or a list of items."""


class Scattering:
    """The items of one asset, and what became of them."""

    def __init__(
        self, owner: str, scatter: Scatter, items: Any, returns: TypeExpr | None, done: DoneItems | None
    ) -> None:
        """``items`` may be an iterator: it is read as the calls go on. ``done`` has the results of earlier attempts;
        None if they are not kept.

        Errors: OutputError if there are no items to go through.
        """
        self._owner = owner
        self._scatter = scatter
        streamed = isinstance(items, Iterator)
        listed = items if streamed else _listed(owner, scatter.over, items)
        self._total = None if streamed else len(listed)
        """How many items there are; None as long as that is not known."""
        self._units = _units(listed, scatter.batch_size)
        self._pace = None if scatter.rate_limit is None else Pace(scatter.rate_limit)
        self._done = done
        self._returns = returns
        self._results: dict[int, Any] = {}
        self._failures: dict[int, tuple[_Unit, Exception]] = {}
        self._read = 0
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, call: Callable[[Any], Any]) -> None:
        """Call the function for each item in threads; in this one if there is to be one at a time."""
        number = self._workers
        if number <= 1:
            self._work(call)
            return
        contexts = [contextvars.copy_context() for _ in range(number)]
        faults: list[BaseException] = []
        threads = [
            threading.Thread(target=self._in_thread, args=(each, call, faults), daemon=True) for each in contexts
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            self._stopped = True
        if faults:
            raise faults[0]

    async def run_async(self, call: Callable[[Any], Awaitable[Any]]) -> None:
        """Call an ``async`` function for each item."""
        import asyncio

        async def work() -> None:
            while (unit := self._take()) is not None:
                if self._pace is not None:
                    await asyncio.sleep(self._pace.delay())
                if self._stopped:
                    return
                try:
                    result = self._checked(unit, await _not_cancelled(call(unit.argument)))
                except Exception as error:  # noqa: BLE001 - what the user's function raises for one item
                    self._fail(unit, error)
                else:
                    self._keep(unit, result)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(work())
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from None

    def results(self) -> list[Any]:
        """The results in the order of the items. Errors: that of the first failed item, if too many failed."""
        if self._failed > self._scatter.failure_threshold * self._read:
            unit, error = self._failures[min(self._failures)]
            last = unit.first + len(unit.items)
            what = f"item {last}" if self._scatter.batch_size is None else f"items {unit.first + 1} to {last}"
            more = f"; {self._failed} items failed" if self._failed > len(unit.items) else ""
            error.add_note(f"{what} of {self._total or self._read} of {self._owner}, {unit.argument!r:.200}{more}")
            raise error
        found = [self._results[place] for place in sorted(self._results)]
        return found if self._scatter.batch_size is None else [result for batch in found for result in batch]

    def facts(self, hide: Callable[[str], str]) -> dict[str, Json]:
        """What the record tells: how many items there were, and which failed."""
        failed = [
            {"item": unit.first + 1, "error": hide(f"{type(error).__name__}: {error}")}
            for _, (unit, error) in sorted(self._failures.items())[:TOLD]
        ]
        return {"items": self._read, "failures": self._failed, **({"failed": failed} if failed else {})}

    # -- one item --------------------------------------------------------------------------------------------------

    @property
    def _workers(self) -> int:
        most = self._scatter.max_concurrent
        return most if self._total is None else min(most, self._total)

    @property
    def _failed(self) -> int:
        return sum(len(unit.items) for unit, _ in self._failures.values())

    def _in_thread(self, context: contextvars.Context, call: Callable[[Any], Any], faults: list[BaseException]) -> None:
        try:
            context.run(self._work, call)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._stopped = True
            faults.append(error)

    def _work(self, call: Callable[[Any], Any]) -> None:
        while (unit := self._take()) is not None:
            if self._pace is not None:
                time.sleep(self._pace.delay())
            if self._stopped:
                return
            try:
                result = self._checked(unit, call(unit.argument))
            except Exception as error:  # noqa: BLE001 - what the user's function raises for one item
                self._fail(unit, error)
            else:
                self._keep(unit, result)

    def _take(self) -> _Unit | None:
        """What has to be worked on next; None if there is nothing more, or too many failed."""
        with self._lock:
            while not self._stopped:
                unit = next(self._units, None)
                if unit is None:
                    return None
                self._read += len(unit.items)
                known = self._known(unit)
                if known is MISSING:
                    return unit
                self._results[unit.place] = known
        return None

    def _known(self, unit: _Unit) -> Any:
        name = self._name(unit)
        value = MISSING if self._done is None or name is None else self._done.get(name)
        return value if value is MISSING else restore(value, self._returns)

    def _name(self, unit: _Unit) -> str | None:
        return None if self._done is None else item_name(unit.argument)

    def _checked(self, unit: _Unit, result: Any) -> Any:
        """The result. Errors: OutputError if it is no list with a result for each item of a batch."""
        if self._scatter.batch_size is None:
            return result
        if not isinstance(result, list | tuple) or len(result) != len(unit.items):
            found = f"{len(result)} results" if isinstance(result, list | tuple) else f"a {type(result).__name__}"
            raise OutputError(
                f"{self._owner} returned {found} for a batch of {len(unit.items)} items",
                help="return a list with a result for each item, in their order",
            )
        return list(result)

    def _keep(self, unit: _Unit, result: Any) -> None:
        name = self._name(unit)
        if self._done is not None and name is not None:
            self._done.put(name, result)
        self._results[unit.place] = result

    def _fail(self, unit: _Unit, error: Exception) -> None:
        with self._lock:
            self._failures[unit.place] = unit, error
            # Of a stream it is known at its end how many failures are too many, unless none may be.
            share = self._scatter.failure_threshold
            allowed = share * self._total if self._total is not None else (float("inf") if share else 0)
            self._stopped = self._stopped or self._failed > allowed


def _units(items: Iterable[Any], size: int | None) -> Iterator[_Unit]:
    """What each call is for, read one after the other."""
    remaining, first = iter(items), 0
    for place in count():
        batch = tuple(islice(remaining, size or 1))
        if not batch:
            return
        yield _Unit(place, first, batch, batch[0] if size is None else list(batch))
        first += len(batch)


async def _not_cancelled(awaitable: Awaitable[Any]) -> Any:
    """The result. That something which it awaits was cancelled is an error of the item, as any other."""
    import asyncio

    try:
        return await awaitable
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise CancelledError("something that it awaits was cancelled") from error


def _listed(owner: str, over: str, items: Any) -> list[Any]:
    if isinstance(items, set | frozenset):
        return sorted(items, key=lambda item: item_name(item) or "")
    if not isinstance(items, list | tuple | range | deque):
        raise OutputError(
            f"{owner} scatters over {over}, and its value is a {type(items).__name__}, no list of items",
            help=f"let {over} return a list",
        )
    return list(items)
