"""Where each step runs: in this process, or in worker processes."""

from __future__ import annotations

from flowstone.config.model import Executor
from flowstone.errors import ConfigurationError
from flowstone.io.contract import Traits
from flowstone.ir.project import Project
from flowstone.registry import io_manager_class
from flowstone.runner.plan import Plan


class Routes:
    """Which steps run in this process, and which in worker processes."""

    def __init__(self, project: Project, executor: Executor) -> None:
        self._project = project
        self._executor = executor
        self._routes: dict[str, Executor] = {}
        self._memory: dict[str, bool] = {}
        self._traits: dict[str, Traits] = {}

    def of(self, step: str) -> Executor:
        """Values in memory are only here; only a process of its own can be stopped when a timeout runs out."""
        found = self._routes.get(step)
        if found is None:
            own: dict[str, Executor] = self._project.steps[step].engine_options.get("local", {})
            wanted = own.get("executor", self._executor)
            if self._in_memory(step):
                found = "thread" if wanted == "process" else wanted
            else:
                found = wanted if self._project.steps[step].timeout is None else "process"
            self._routes[step] = found
        return found

    def notes(self, plan: Plan) -> list[str]:
        """What a user would not expect."""
        steps = list(dict.fromkeys(task.step for task in plan.tasks))
        inside = [step for step in steps if self._in_memory(step)]
        found = []
        if inside and self._executor == "process":
            found.append(f"{_names(inside)}: run in this process, since values are kept in memory")
        if endless := [step for step in inside if self._project.steps[step].timeout is not None]:
            found.append(f"{_names(endless)}: the timeout cannot be enforced, since values are kept in memory")
        return found

    def something_lasts(self, plan: Plan) -> bool:
        """Whether any output is stored outside of this process."""
        steps = {task.step for task in plan.tasks}
        outputs = (output for step in steps for output in self._project.steps[step].outputs.values())
        return any(self._traits_of(output).durable for output in outputs)

    def one_at_a_time(self, plan: Plan) -> bool:
        """Whether a store is written that only one process at a time may write."""
        return any(
            self._traits_of(output).single_writer
            for step in {task.step for task in plan.tasks}
            for output in self._project.steps[step].outputs.values()
        )

    def _in_memory(self, step: str) -> bool:
        found = self._memory.get(step)
        if found is None:
            node = self._project.steps[step]
            assets = [*node.outputs.values(), *(item.asset for item in node.signature.dependencies)]
            found = self._memory[step] = not all(self._traits_of(asset).durable for asset in assets)
        return found

    def _traits_of(self, asset: str) -> Traits:
        name = self._project.assets[asset].storage.manager
        found = self._traits.get(name)
        if found is None:
            if name not in self._project.io_managers:
                raise ConfigurationError(f"there is no IO manager {name!r}")
            found = self._traits[name] = io_manager_class(self._project.io_managers[name].type).traits
        return found


def _names(steps: list[str]) -> str:
    return ", ".join(steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
