"""Where each step runs: in this process, or in worker processes."""

from __future__ import annotations

from collections.abc import Iterable

from flowstone.config.model import Executor
from flowstone.errors import ConfigurationError
from flowstone.io.contract import Traits
from flowstone.ir.project import Project
from flowstone.registry import io_manager_class
from flowstone.runner.plan import Plan

SEPARATE: frozenset[Executor] = frozenset({"process", "dask", "ray"})
"""Those that run functions in processes of their own, which can be killed and share no memory."""


class Executors:
    """Which steps run in this process, and which in worker processes."""

    def __init__(self, project: Project, executor: Executor, plan: Plan) -> None:
        self._project = project
        self._executor = executor
        self._steps = tuple(dict.fromkeys(task.step for task in plan.tasks))
        self._managers = self._storing(self._steps)
        self._executors: dict[str, Executor] = {}
        self._traits: dict[str, Traits] = {}

    def of(self, step: str) -> Executor:
        """Values in memory are only here; only a process of its own can be stopped when a timeout runs out."""
        found = self._executors.get(step)
        if found is None:
            node = self._project.steps[step]
            wanted = node.engine_options["local"].get("executor") if "local" in node.engine_options else None
            found = self._executors[step] = self._route(step, wanted or self._executor)
        return found

    def notes(self) -> list[str]:
        """What a user would not expect."""
        found = []
        if self._executor in SEPARATE and (inside := [step for step in self._steps if self._in_memory(step)]):
            found.append(f"{_names(inside)}: run in this process, since values are kept in memory")
        timed = [step for step in self._steps if self._project.steps[step].timeout is not None]
        if endless := [step for step in timed if self._in_memory(step)]:
            found.append(f"{_names(endless)}: the timeout cannot be enforced, since values are kept in memory")
        return found

    def something_lasts(self) -> bool:
        """Whether any output is stored outside of this process."""
        return any(self._traits_of(manager).durable for manager in self._managers)

    def one_at_a_time(self) -> bool:
        """Whether a store is written that only one process at a time may write."""
        return any(self._traits_of(manager).single_writer for manager in self._managers)

    def _route(self, step: str, wanted: Executor) -> Executor:
        if self._in_memory(step):
            return "thread" if wanted in SEPARATE else wanted
        return wanted if self._project.steps[step].timeout is None or wanted in SEPARATE else "process"

    def _in_memory(self, step: str) -> bool:
        node, assets = self._project.steps[step], self._project.assets
        for asset in node.outputs.values():
            if not self._traits_of(assets[asset].storage.manager).durable:
                return True
        for dependency in node.signature.dependencies:
            if not self._traits_of(assets[dependency.asset].storage.manager).durable:
                return True
        return False

    def _storing(self, steps: Iterable[str]) -> set[str]:
        """The managers of what the steps make."""
        nodes, assets = self._project.steps, self._project.assets
        return {assets[output].storage.manager for step in steps for output in nodes[step].outputs.values()}

    def _traits_of(self, name: str) -> Traits:
        """Of a manager."""
        found = self._traits.get(name)
        if found is None:
            if name not in self._project.io_managers:
                raise ConfigurationError(f"there is no IO manager {name!r}")
            found = self._traits[name] = io_manager_class(self._project.io_managers[name].type).traits
        return found


def _names(steps: list[str]) -> str:
    return ", ".join(steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
