"""Where each step runs: in this process, or in worker processes."""

from __future__ import annotations

from functools import cached_property

from flowstone.config.model import Executor
from flowstone.io.contract import IOManager
from flowstone.runner.plan import Plan
from flowstone.runtime.workspace import Workspace

SEPARATE: frozenset[Executor] = frozenset({"process", "dask", "ray"})
"""Those that run functions in processes of their own, which can be killed and share no memory."""


class Executors:
    """Which steps run in this process, and which in worker processes."""

    def __init__(self, workspace: Workspace, executor: Executor, plan: Plan) -> None:
        """The workspace knows already where everything is stored that the plan makes or reads."""
        self._workspace = workspace
        self._executor = executor
        self._steps = plan.steps
        self._wanted = {step.id: step.engine_options for step in workspace.project.marked["engine_options"]}
        self._timed = frozenset([step.id for step in workspace.project.marked["timeout"]])
        self._managers = tuple(workspace.managers_in_use)
        self._volatile = {manager for manager in self._managers if not manager.traits.durable}
        """Those that keep values in the memory of this process."""
        self._is_mixed = 0 < len(self._volatile) < len(self._managers)
        """Some stores are in memory and others not. As long as they are not, steps need not be looked at."""
        self._usual = None if self._is_mixed else self._reachable(executor, is_in_memory=bool(self._volatile))
        """Where everything runs for which nothing else is said."""

    def of(self, step: str) -> Executor:
        """Values in memory are only here; only a process of its own can be stopped when a timeout runs out."""
        if self._usual is not None and step not in self._wanted and step not in self._timed:
            return self._usual
        wanted: Executor | None = self._wanted[step].get("local", {}).get("executor") if step in self._wanted else None
        is_in_memory = self._in_memory(step)
        route = self._reachable(wanted or self._executor, is_in_memory=is_in_memory)
        return route if is_in_memory or step not in self._timed or route in SEPARATE else "process"

    def notes(self) -> list[str]:
        """What a user would not expect."""
        found = []
        if self._executor in SEPARATE and (inside := [step for step in self._steps if self._in_memory(step)]):
            found.append(f"{_names(inside)}: run in this process, since values are kept in memory")
        if endless := [step for step in self._steps if step in self._timed and self._in_memory(step)]:
            found.append(f"{_names(endless)}: the timeout cannot be enforced, since values are kept in memory")
        return found

    def something_lasts(self) -> bool:
        """Whether any output is stored outside of this process."""
        return not self._volatile or (self._is_mixed and not self._written <= self._volatile)

    def one_at_a_time(self) -> bool:
        """Whether a store is written that only one process at a time may write."""
        single = {manager for manager in self._managers if manager.traits.single_writer}
        return bool(single) and not self._written.isdisjoint(single)

    def _reachable(self, wanted: Executor, *, is_in_memory: bool) -> Executor:
        return "thread" if is_in_memory and wanted in SEPARATE else wanted

    def _in_memory(self, step: str) -> bool:
        if not self._is_mixed:
            return bool(self._volatile)
        prepared, storage = self._workspace.step(step), self._workspace.storage
        places = (*prepared.output_ids, *[source.id for source in prepared.sources])
        return any(storage(asset)[0] in self._volatile for asset in places)

    @cached_property
    def _written(self) -> set[IOManager]:
        """The managers of what the steps make."""
        storage, prepared = self._workspace.storage, map(self._workspace.step, self._steps)
        return {storage(asset)[0] for step in prepared for asset in step.output_ids}


def _names(steps: list[str]) -> str:
    return ", ".join(steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
