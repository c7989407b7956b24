"""Where each step runs: in this process, or in worker processes."""

from __future__ import annotations

from collections.abc import Iterable

from flowstone.config.model import Executor
from flowstone.io.contract import IOManager
from flowstone.runner.plan import Plan
from flowstone.runtime.workspace import Workspace

SEPARATE: frozenset[Executor] = frozenset({"process", "dask", "ray"})
"""Those that run functions in processes of their own, which can be killed and share no memory."""


class Executors:
    """Which steps run in this process, and which in worker processes."""

    def __init__(self, workspace: Workspace, executor: Executor, plan: Plan) -> None:
        """Errors: ConfigurationError for a store that cannot be used."""
        self._workspace = workspace
        self._executor = executor
        self._steps = plan.steps
        self._wanted = {step.id: step.engine_options for step in workspace.project.marked["engine_options"]}
        self._timed = frozenset([step.id for step in workspace.project.marked["timeout"]])
        self._managers = self._storing(self._steps)
        self._executors: dict[str, Executor] = {}

    def of(self, step: str) -> Executor:
        """Values in memory are only here; only a process of its own can be stopped when a timeout runs out."""
        found = self._executors.get(step)
        if found is None:
            wanted = self._wanted[step].get("local", {}).get("executor") if step in self._wanted else None
            found = self._executors[step] = self._route(step, wanted or self._executor)
        return found

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
        return any(manager.traits.durable for manager in self._managers)

    def one_at_a_time(self) -> bool:
        """Whether a store is written that only one process at a time may write."""
        return any(manager.traits.single_writer for manager in self._managers)

    def _route(self, step: str, wanted: Executor) -> Executor:
        if self._in_memory(step):
            return "thread" if wanted in SEPARATE else wanted
        return wanted if step not in self._timed or wanted in SEPARATE else "process"

    def _in_memory(self, step: str) -> bool:
        node, storage = self._workspace.project.steps[step], self._workspace.storage
        for asset in node.outputs.values():
            if not storage(asset)[0].traits.durable:
                return True
        return any(not storage(dependency.asset)[0].traits.durable for dependency in node.signature.dependencies)

    def _storing(self, steps: Iterable[str]) -> set[IOManager]:
        """The managers of what the steps make."""
        nodes, storage = self._workspace.project.steps, self._workspace.storage
        return {storage(output)[0] for step in steps for output in nodes[step].outputs.values()}


def _names(steps: list[str]) -> str:
    return ", ".join(steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
