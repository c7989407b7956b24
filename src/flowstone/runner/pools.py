"""Where attempts run: in the caller's own thread, in threads, or in threads that each own a worker process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from flowstone.runner.result import Order, Result

Results = SimpleQueue[tuple[int, Result | BaseException]]
"""Results by the place of the task in the plan. An exception is a fault of the runner itself."""


class Runner(Protocol):
    """Runs orders, one at a time."""

    def run(self, order: Order) -> Result:
        """Carry out an order."""
        ...

    def close(self) -> None:
        """Stop what is running, if that can be done."""
        ...


class Pool(Protocol):
    """Runs several orders."""

    def submit(self, place: int, order: Order) -> None:
        """Have an order carried out; the result comes into the queue."""
        ...

    def close(self) -> None:
        """Stop what is running, if that can be done."""
        ...


class InlinePool:
    """Runs an order at once, in the thread that submits it."""

    def __init__(self, runner: Runner, results: Results) -> None:
        self._runner = runner
        self._results = results

    def submit(self, place: int, order: Order) -> None:
        self._results.put((place, self._runner.run(order)))

    def close(self) -> None:
        self._runner.close()


class ThreadPool:
    """Threads, started as they are needed, each with a runner of its own.

    They are daemons, unlike those of ``concurrent.futures``: an interrupted run does not wait for them.
    """

    def __init__(self, make_runner: Callable[[int], Runner], size: int, results: Results) -> None:
        self._make_runner = make_runner
        self._size = size
        self._results = results
        self._orders: SimpleQueue[tuple[int, Order] | None] = SimpleQueue()
        self._runners: list[Runner] = []
        self._idle = threading.Semaphore(0)

    def submit(self, place: int, order: Order) -> None:
        if not self._idle.acquire(blocking=False) and len(self._runners) < self._size:
            runner = self._make_runner(len(self._runners) + 1)
            self._runners.append(runner)
            name = f"flowstone-{len(self._runners)}"
            threading.Thread(target=self._serve, args=(runner,), daemon=True, name=name).start()
        self._orders.put((place, order))

    def close(self) -> None:
        for _ in self._runners:
            self._orders.put(None)
        for runner in self._runners:
            runner.close()

    def _serve(self, runner: Runner) -> None:
        while (item := self._orders.get()) is not None:
            place, order = item
            try:
                result: Result | BaseException = runner.run(order)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the results are read
                result = error
            self._idle.release()
            self._results.put((place, result))
