"""A function that is run once for each item, some at once; results are collected in the order of the items."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any

from flowstone.dsl.scatter import Scatter
from flowstone.errors import OutputError
from flowstone.io.restore import restore
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.runtime.items import MISSING, DoneItems, item_name

TOLD = 100
"""Failed items that the record tells of."""


class Scattering:
    """The items of one asset, and what became of them."""

    def __init__(
        self, owner: str, scatter: Scatter, items: Any, returns: TypeExpr | None, done: DoneItems | None
    ) -> None:
        """``done`` has the results of earlier attempts; None if they are not kept.

        Errors: OutputError if there are no items to go through.
        """
        self._owner = owner
        self._scatter = scatter
        self._items = _listed(owner, scatter.over, items)
        self._done = done
        self._returns = returns
        self._names = [None if done is None else item_name(item) for item in self._items]
        self._results: dict[int, Any] = {}
        self._failures: dict[int, Exception] = {}
        self._next = 0
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, call: Callable[[Any], Any]) -> None:
        """Call the function for each item in threads; in this one if there is to be one at a time."""
        count = min(self._scatter.max_concurrent, len(self._items))
        if count <= 1:
            self._work(call)
            return
        contexts = [contextvars.copy_context() for _ in range(count)]
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

        async def work() -> None:
            while (place := self._take()) is not None:
                try:
                    result = await _not_cancelled(call(self._items[place]))
                except Exception as error:  # noqa: BLE001 - what the user's function raises for one item
                    self._fail(place, error)
                else:
                    self._keep(place, result)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._scatter.max_concurrent, len(self._items))):
                    group.create_task(work())
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from None

    def results(self) -> list[Any]:
        """The results in the order of the items. Errors: that of the first failed item, if too many failed."""
        if len(self._failures) > self._allowed:
            place, error = min(self._failures.items())
            what = f"item {place + 1} of {len(self._items)} of {self._owner}, {self._items[place]!r:.200}"
            more = f"; {len(self._failures)} items failed" if len(self._failures) > 1 else ""
            error.add_note(f"{what}{more}")
            raise error
        return [self._results[place] for place in range(len(self._items)) if place in self._results]

    def facts(self, hide: Callable[[str], str]) -> dict[str, Json]:
        """What the record tells: how many items there were, and which failed."""
        failed = [
            {"item": place + 1, "error": hide(f"{type(error).__name__}: {error}")}
            for place, error in sorted(self._failures.items())[:TOLD]
        ]
        return {"items": len(self._items), "failures": len(self._failures), **({"failed": failed} if failed else {})}

    # -- one item --------------------------------------------------------------------------------------------------

    @property
    def _allowed(self) -> float:
        return self._scatter.failure_threshold * len(self._items)

    def _in_thread(self, context: contextvars.Context, call: Callable[[Any], Any], faults: list[BaseException]) -> None:
        try:
            context.run(self._work, call)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._stopped = True
            faults.append(error)

    def _work(self, call: Callable[[Any], Any]) -> None:
        while (place := self._take()) is not None:
            try:
                result = call(self._items[place])
            except Exception as error:  # noqa: BLE001 - what the user's function raises for one item
                self._fail(place, error)
            else:
                self._keep(place, result)

    def _take(self) -> int | None:
        """The place of the next item that has to be worked on; None if there is none, or too many failed."""
        with self._lock:
            while self._next < len(self._items) and not self._stopped:
                place = self._next
                self._next += 1
                known = self._known(place)
                if known is MISSING:
                    return place
                self._results[place] = known
        return None

    def _known(self, place: int) -> Any:
        name = self._names[place]
        value = MISSING if self._done is None or name is None else self._done.get(name)
        return value if value is MISSING else restore(value, self._returns)

    def _keep(self, place: int, result: Any) -> None:
        name = self._names[place]
        if self._done is not None and name is not None:
            self._done.put(name, result)
        self._results[place] = result

    def _fail(self, place: int, error: Exception) -> None:
        with self._lock:
            self._failures[place] = error
            self._stopped = self._stopped or len(self._failures) > self._allowed


async def _not_cancelled(awaitable: Awaitable[Any]) -> Any:
    """The result. That something which it awaits was cancelled is an error of the item, as any other."""
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
