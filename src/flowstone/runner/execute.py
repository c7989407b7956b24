"""The scheduler of the local runner: starts what is ready, retries what failed, skips what needs what failed."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NoReturn, Protocol

from msgspec import structs

from flowstone.config.model import Executor
from flowstone.errors import ConfigurationError
from flowstone.runner.attempt import settled, succeeded
from flowstone.runner.capture import Capture
from flowstone.runner.executors import SEPARATE, Executors
from flowstone.runner.forecast import Forecast
from flowstone.runner.here import Here, Kept
from flowstone.runner.interrupts import GRACE, Interrupts
from flowstone.runner.limits import Limits
from flowstone.runner.logs import Follower
from flowstone.runner.pace import Pace, Usual
from flowstone.runner.plan import Task
from flowstone.runner.pools import InlinePool, Pool, Results, Runner, ThreadPool
from flowstone.runner.processes import WorkerRunner
from flowstone.runner.progress import Reporter
from flowstone.runner.result import Failure, Order, Result
from flowstone.runner.summary import Summary
from flowstone.runtime.workspace import ROOT_VARIABLE, Workspace

PATIENCE = 0.2
"""Seconds that the scheduler waits at a time: a signal that another thread receives does not end its wait."""
UNKEPT = 1.0
"""Seconds after which the history is kept of a run whose values are in memory only."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is executed."""

    run_id: str
    executor: Executor = "process"
    workers: int = 1
    """How many tasks run at the same time; ``inline`` runs one."""
    manifest: Path | None = None
    """Where worker processes read the project; they cannot be used without it."""
    logs: Path | None = None
    """Folder for what functions print. Without it nothing is kept, and there can be no worker processes."""
    slots: Path | None = None
    """Folder of the slots of limits, which all runs of the project share. Without it no other run counts."""
    dask: str | None = None
    """Address of a Dask scheduler; None: a cluster on this machine."""
    ray: str | None = None
    """Address of a Ray cluster; None: one on this machine."""
    show_output: bool = False
    """Tell of what functions print while they run."""
    continues: tuple[str, ...] = ()
    """Ids of the runs that this one goes on with."""


class Journal(Protocol):
    """What is told of each change, and keeps it before anything is done about it. What it raises ends the run."""

    def starting(self, place: int, attempt: int, *, keep: bool = True) -> None:
        """An attempt is about to begin; ``keep`` if that must be kept before."""
        ...

    def ended(self, place: int, attempt: int, result: Result, *, final: bool) -> None:
        """An attempt has ended, or a task without any (0); ``final`` if no other follows."""
        ...

    def skipped(self, places: Sequence[int]) -> None:
        """Tasks cannot run."""
        ...

    def flush(self) -> None:
        """Keep what is not kept yet: the run is going to wait."""
        ...


def execute(
    planned: Forecast,
    workspace: Workspace,
    options: Options,
    reporter: Reporter,
    journal: Journal | None = None,
    interrupts: Interrupts | None = None,
    usual: Usual | None = None,
) -> Summary:
    """Carry out what was planned. A failed task is part of the summary.

    On any exception, KeyboardInterrupt above all, worker processes are killed with everything that they started.
    Errors: ConfigurationError if worker processes are needed and there is no manifest; what the journal raises;
    KeyboardInterrupt or Terminated if that was asked for.
    """
    run = _Execution(planned, workspace, options, reporter, journal, interrupts or Interrupts(), usual)
    try:
        with run.capture.installed() if options.logs is not None else nullcontext():
            return run.loop()
    finally:
        run.close()


class _Execution:
    """The state of one execution."""

    def __init__(
        self,
        planned: Forecast,
        workspace: Workspace,
        options: Options,
        reporter: Reporter,
        journal: Journal | None,
        interrupts: Interrupts,
        usual: Usual | None,
    ) -> None:
        self.journal = journal
        self.interrupts = interrupts
        self.capture = Capture()
        self.follower = Follower(options.logs) if options.show_output and options.logs is not None else None
        plan = self.plan = planned.plan
        self.expected = planned.expectations
        self.workspace = workspace
        self.options = options
        self.reporter = reporter
        self.pace = None if usual is None else Pace(plan, usual, reporter.slow)
        self.results: Results = SimpleQueue()
        self.executors = Executors(workspace, options.executor, plan)
        self.pools: dict[Executor, Pool] = {}
        self.waiting = [len(task.needs) for task in plan.tasks]
        self.users: list[list[int]] = [[] for _ in plan.tasks]
        for place, task in enumerate(plan.tasks):
            for need in task.needs:
                self.users[need].append(place)
        self.ready = [place for place, count in enumerate(self.waiting) if not count]
        self.delayed: list[tuple[float, int]] = []
        self.attempts = [0] * len(plan.tasks)
        self.skipped = [False] * len(plan.tasks)
        self.tolerated = workspace.project.tolerated
        self.judged = workspace.project.judged | workspace.project.asking
        """Steps of which the records or the decisions may say that no function is to be called."""
        self.failed: dict[int, list[tuple[str, str | None]]] = {}
        """What joins do without, by their places."""
        self.running = 0
        self.summary = Summary()
        self.lasting = self.executors.something_lasts()
        """Whether there can be something to go on with after this process has ended."""
        self.flushed = time.monotonic()
        self.limits = Limits(workspace.project, plan, options.slots, reporter.note)
        self.capacity = 1 if options.executor == "inline" or self.executors.one_at_a_time() else options.workers

    def loop(self) -> Summary:
        """Run everything."""
        started = time.perf_counter()
        self.reporter.begin(self.plan)
        for text in self.executors.notes():
            self.reporter.note(text)
        while self.ready or self.delayed or self.running or self.limits.holds_back:
            if self.interrupts.asked is not None:
                self._wind_down(self.interrupts.asked)
            self._start_what_can()
            self._flush()
            if self.running:
                self._take(self._time_to_next())
            elif self.delayed or self.limits.holds_back:
                time.sleep(self._time_to_next())
            self._look()
        self.summary.elapsed = time.perf_counter() - started
        self.reporter.end(self.summary)
        return self.summary

    def _wind_down(self, error: type[KeyboardInterrupt]) -> NoReturn:
        """Start nothing, and give what is running a moment to end."""
        if self.running:
            self.reporter.note(f"stopping: {GRACE:g} s for what is running; again to stop at once")
        deadline = time.monotonic() + GRACE
        while self.running and time.monotonic() < deadline:
            self._take(min(PATIENCE, max(0.0, deadline - time.monotonic())))
            self._look()
        raise error

    def _flush(self) -> None:
        """Of runs whose values are in memory only, the history is kept now and then."""
        if self.journal is not None and (self.lasting or time.monotonic() - self.flushed > UNKEPT):
            self.journal.flush()
            self.flushed = time.monotonic()

    def _look(self) -> None:
        if self.pace is not None:
            self.pace.look()
        if self.follower is not None:
            for head, text in self.follower.poll():
                self.reporter.output(head, text)

    def close(self) -> None:
        """Stop everything that still runs."""
        for pool in self.pools.values():
            pool.close()
        self.limits.close()

    def _start_what_can(self) -> None:
        while self.delayed and self.delayed[0][0] <= time.monotonic():
            heapq.heappush(self.ready, heapq.heappop(self.delayed)[1])
        if self.limits.apply:
            for place in self.limits.freed():
                heapq.heappush(self.ready, place)
        while self.ready and self.running < self.capacity and self.interrupts.asked is None:
            place = heapq.heappop(self.ready)
            task, expected = self.plan.tasks[place], self.expected[place]
            makes = expected.action not in ("reuse", "skip")
            if makes and self.limits.apply and not self.limits.lets(place, task.step):
                continue
            self.reporter.started(task)
            if expected.action == "reuse" and place not in self.failed:
                self._conclude(place, succeeded("reused", expected.records, 0.0))
            elif expected.action == "skip":
                self._conclude(place, Result("skipped", 0.0, reason="; ".join(map(str, expected.reasons))))
            else:
                self._start(place, task, force=expected.forced)

    def _start(self, place: int, task: Task, *, force: bool) -> None:
        """Begin an attempt, unless nothing turns out to have to be made: that needs no process."""
        options = self.options
        order = Order(
            task.step, task.partition, options.run_id, self.attempts[place] + 1, force, continues=options.continues
        )
        if place in self.failed:
            order = structs.replace(order, failed=tuple(self.failed[place]))
        executor = self.executors.of(task.step)
        self.running += 1
        may_be_settled = executor in SEPARATE or task.step in self.judged
        if may_be_settled and (result := settled(self.workspace, order)) is not None:
            self.results.put((place, result))
            return
        self.attempts[place] = order.attempt
        if self.pace is not None:
            self.pace.started(place)
        if self.journal is not None:
            self.journal.starting(place, order.attempt, keep=self.lasting)
        self.interrupts.at_once = executor == "inline"
        self._pool(executor).submit(place, order)
        self.interrupts.at_once = False

    def _time_to_next(self) -> float:
        """Seconds until a retry is due, if there is room to start it, and never so long that Ctrl-C has to wait."""
        if not self.delayed or self.running >= self.capacity:
            return PATIENCE
        return min(PATIENCE, max(0.0, self.delayed[0][0] - time.monotonic()))

    def _take(self, timeout: float) -> None:
        """Wait for one result."""
        try:
            place, result = self.results.get(timeout=timeout)
        except Empty:
            return
        self.running -= 1
        if self.pace is not None:
            self.pace.ended(place)
        if self.limits.apply:
            self.limits.ended(self.plan.tasks[place].step)
        if isinstance(result, BaseException):
            raise result
        self._conclude(place, result)

    def _conclude(self, place: int, result: Result) -> None:
        """Draw the consequences of a result."""
        task = self.plan.tasks[place]
        again = None if result.failure is None else self._retry_after(place, task, result.failure)
        if self.journal is not None and self.expected[place].action != "reuse":
            self.journal.ended(place, self.attempts[place], result, final=again is None)
        if result.failure is None:
            self.summary.add(task, result)
            self.reporter.finished(task, result)
            for user in self.users[place] if result.status != "waiting" else ():  # they wait, too
                self._count_down(user)
        elif again is None:
            self.summary.add(task, result)
            self.reporter.finished(task, result)
            self._skip_users(place, task)
        else:
            heapq.heappush(self.delayed, (time.monotonic() + again, place))
            self.summary.retries += 1
            self.reporter.retrying(task, result, self.attempts[place], again)

    def _count_down(self, user: int) -> None:
        """One of the tasks that another waits for is over."""
        self.waiting[user] -= 1
        if not self.waiting[user] and not self.skipped[user]:
            heapq.heappush(self.ready, user)

    def _retry_after(self, place: int, task: Task, failure: Failure) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        policy = self.workspace.project.steps[task.step].retries
        if policy is None or not failure.retryable or self.attempts[place] > policy.max_retries:
            return None
        return policy.wait(self.attempts[place]) * (1 + policy.jitter * random.random())  # noqa: S311 - no secret

    def _skip_users(self, place: int, cause: Task) -> None:
        skipped = list(self._not_skipped_users(place))
        if self.journal is not None and skipped:
            self.journal.skipped(skipped)
        for user in skipped:
            self.summary.skip(self.plan.tasks[user])
            self.reporter.skipped(self.plan.tasks[user], cause)

    def _not_skipped_users(self, place: int) -> Iterator[int]:
        """All that needs a task, directly or not, and was not skipped before. Joins may do without it."""
        stack = [(user, place) for user in reversed(self.users[place])]
        while stack:
            user, need = stack.pop()
            if self.skipped[user]:
                continue
            if self._does_without(user, need):
                self.failed.setdefault(user, []).append((self.plan.tasks[need].step, self.plan.tasks[need].partition))
                self._count_down(user)
                continue
            self.skipped[user] = True
            yield user
            stack.extend((other, user) for other in reversed(self.users[user]))

    def _does_without(self, user: int, need: int) -> bool:
        return self.plan.tasks[need].step in self.tolerated.get(self.plan.tasks[user].step, ())

    def _pool(self, route: Executor) -> Pool:
        found = self.pools.get(route)
        if found is None:
            found = self.pools[route] = self._make_pool(route)
        return found

    def _make_pool(self, route: Executor) -> Pool:
        if route == "inline":
            return InlinePool(self._here("inline"), self.results)
        if route == "thread":
            return ThreadPool(lambda number: self._here(f"thread-{number}"), self.capacity, self.results)
        manifest, logs = self._of_workers()
        if route in ("dask", "ray"):
            return self._cluster_pool(route, manifest, logs)
        return ThreadPool(self._worker_maker(manifest, logs), self.capacity, self.results)

    def _cluster_pool(self, route: Executor, manifest: Path, logs: Path) -> Pool:
        from flowstone.runner.cluster_pool import ClusterPool, open_cluster

        address = self.options.dask if route == "dask" else self.options.ray
        cluster = open_cluster(route, self.workspace, manifest, logs, address, self.capacity)
        return ClusterPool(self.workspace, logs, cluster, self.capacity, self.results)

    def _here(self, name: str) -> Runner:
        if self.options.logs is None:
            return Here(self.workspace)
        self.options.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Kept(self.workspace, self.capture, self.options.logs / f"{name}.log", shown=name == "inline")

    def _of_workers(self) -> tuple[Path, Path]:
        """The manifest, and the folder for what workers print."""
        manifest, logs = self.options.manifest, self.options.logs
        if manifest is None or logs is None:
            raise ConfigurationError("worker processes need a manifest and a folder for logs")
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return manifest, logs

    def _worker_maker(self, manifest: Path, logs: Path) -> Callable[[int], WorkerRunner]:
        environment = {**self.workspace.environment, ROOT_VARIABLE: str(self.workspace.root.absolute())}
        return lambda number: WorkerRunner(self.workspace, manifest, logs / f"worker-{number}.log", environment)
