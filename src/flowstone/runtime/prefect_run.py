"""One run of a generated Prefect flow: which partitions it makes, in which order, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture, wait
from prefect.states import Completed, Failed, State
from prefect.tasks import Task

from flowstone.dsl.partitions import PartitionKey, Partitions, TimePartitions
from flowstone.errors import UsageError
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.run_keys import Keys, closed_keys, fill_keys
from flowstone.ir.run_parameters import config_parameters, config_value, parameter_name, partition_parameters
from flowstone.runtime.branches import is_left_out
from flowstone.runtime.inputs import stored_value
from flowstone.runtime.keys import selection
from flowstone.runtime.parameters import is_default
from flowstone.runtime.prefect_approval import ask
from flowstone.runtime.prefect_limits import declare_limits
from flowstone.runtime.prefect_signal import await_signal
from flowstone.runtime.reasons import Place
from flowstone.runtime.registry import read_registries, without_keys
from flowstone.runtime.workspace import Workspace


class JobRun:
    """One flow run: the futures of its tasks."""

    def __init__(self, workspace: Workspace, job: str, parameters: Mapping[str, Any]) -> None:
        self._workspace = workspace
        steps = workspace.compiled.jobs[job].steps
        self._project = project = read_registries(workspace, workspace.compiled, steps)
        self._keys = fill_keys(project, steps, keys_of_run(project, job, parameters))
        self._config = _config_of_run(project, steps, parameters)
        self._futures: dict[Place, PrefectFuture[Any]] = {}
        self._waiting: list[tuple[Task[..., Any], Sequence[Task[..., Any]]]] = []
        """Joins that take failures, and steps whose values have to be approved, with what comes after them: submitted
        when everything else is. And steps that wait for signals: these have asked by then."""
        self._missing = missing_inputs(workspace, self._keys) if _started_by_asset() else []
        declare_limits(project, steps)

    def submit(self, task: Task[..., Any], after: Sequence[Task[..., Any]] = ()) -> None:
        """Submit a task once for each partition of its step, after those partitions of others that it reads."""
        if self._missing:
            return
        late = {waiting.name for waiting, _ in self._waiting}
        step = self._project.steps[task.name]
        is_late = task.name in self._project.tolerated or any(need.name in late for need in after)
        if is_late or step.checkpoint is not None or step.gate is not None:
            self._waiting.append((task, after))
        if not is_late and step.checkpoint is None:
            self._submit(task, after)

    def _submit(
        self, task: Task[..., Any], after: Sequence[Task[..., Any]], keys: Sequence[PartitionKey | None] | None = None
    ) -> None:
        step = task.name
        for key in self._keys[step] if keys is None else keys:
            needs = {place: future for need in after for place, future in self._needed(step, key, need.name).items()}
            parameters: dict[str, Any] = {} if key is None else {"partition": key.text}
            if step in self._config:
                parameters["config"] = self._config[step]
            if step in self._project.tolerated:
                parameters["failed"] = self._lost(step, needs)
                needs = {place: future for place, future in needs.items() if place not in parameters["failed"]}
            future = task.submit(**parameters, wait_for=list(needs.values()))
            self._futures[step, None if key is None else key.text] = future

    def _await(self, task: Task[..., Any], after: Sequence[Task[..., Any]]) -> None:
        """Let somebody decide about each value that waits, or send its signal, and go on with that."""
        step = self._project.steps[task.name]
        if step.checkpoint is None and step.gate is None:
            return
        (asset,) = step.outputs.values()
        for key in self._keys[task.name]:
            future = self._futures[task.name, None if key is None else key.text]
            wait([future])
            if future.state.name == "Waiting":
                answered = await_signal if step.checkpoint is None else ask
                answered(self._workspace, (asset, None if key is None else key.text))
                self._submit(task, after, [key])

    def _lost(self, join: str, needs: Mapping[Place, PrefectFuture[Any]]) -> list[Place]:
        """The branches that a join does without, once all of them are over."""
        branches = {place: future for place, future in needs.items() if place[0] in self._project.tolerated[join]}
        wait(list(branches.values()))
        return [place for place, future in branches.items() if not future.state.is_completed()]

    def finish(self) -> State[Any]:
        """Wait for all tasks. The state of the flow: Failed, with names and reasons, if one is not completed."""
        if self._missing:
            return Completed(name="Skipped", message=f"not all inputs are there yet: {', '.join(self._missing)}")
        for task, after in self._waiting:
            if not self._is_submitted(task):
                self._submit(task, after)
            self._await(task, after)
        wait(list(self._futures.values()))
        states = {_label(*place): future.state for place, future in self._futures.items()}
        failed = [
            f"{label} ({_reason(state)})"
            for label, state in states.items()
            if state.is_final() and not state.is_completed()
        ]
        waiting = [label for label, state in states.items() if not state.is_final()]
        if failed or waiting:
            told = [("failed", failed), ("not run", waiting)]
            return Failed(message="; ".join(f"{word}: {', '.join(labels)}" for word, labels in told if labels))
        counts = Counter(state.name for state in states.values())
        made = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing to make"
        return Completed(message="; ".join([made, *self._without_keys()]))

    def _is_submitted(self, task: Task[..., Any]) -> bool:
        return any((task.name, None if key is None else key.text) in self._futures for key in self._keys[task.name])

    def _without_keys(self) -> list[str]:
        """Registries that have no keys, so that steps are left out."""
        definitions = [self._project.steps[step].partitions for step, keys in self._keys.items() if not keys]
        told = [without_keys(definition) for definition in definitions if definition is not None]
        return list(dict.fromkeys(filter(None, told)))

    def _needed(self, step: str, key: PartitionKey | None, producer: str) -> dict[Place, PrefectFuture[Any]]:
        """The futures of those partitions of the producer that the step reads for one key, as far as they run here."""
        texts: dict[str | None, None] = {}
        for dependency in self._project.steps[step].signature.dependencies:
            asset = self._project.assets[dependency.asset]
            if asset.step != producer:
                continue
            chosen = selection(self._project.steps[step].partitions, asset.partitions, dependency, key)
            keys = chosen.among(self._keys[producer]) if chosen.stored else chosen.keys
            texts.update(dict.fromkeys(None if item is None else item.text for item in keys))
        places = [(producer, text) for text in texts]
        return {place: self._futures[place] for place in places if place in self._futures}


def missing_inputs(workspace: Workspace, keys: Mapping[str, Keys]) -> list[str]:
    """What the steps read from others, not made in the same run, that is not stored."""
    found: dict[str, None] = {}
    for step, given in keys.items():
        prepared = workspace.step(step)
        for dependency, asset in prepared.dependencies:
            if dependency.optional or asset.step in keys:
                continue
            for key in given:
                if is_left_out(workspace, step, key):
                    continue
                chosen = selection(prepared.partitions, asset.partitions, dependency, key)
                missing = [item for item in chosen.keys if stored_value(workspace, asset.id, item) is None]
                found.update((_label(asset.id, None if item is None else item.text), None) for item in missing)
    return list(found)


def _started_by_asset() -> bool:
    """Whether a trigger of the deployment started the run. It fires for each asset; perhaps others are yet to come."""
    context = FlowRunContext.get()
    created_by = None if context is None or context.flow_run is None else context.flow_run.created_by
    return created_by is not None and created_by.type == "AUTOMATION"


def keys_of_run(
    project: Project, job: str, parameters: Mapping[str, Any]
) -> dict[Partitions, tuple[PartitionKey, ...]]:
    """The keys that a run was given; those of the last closed periods if it was started by a schedule without any."""
    steps = project.jobs[job].steps
    definitions = partition_parameters(project, steps)
    given: dict[Partitions, tuple[PartitionKey, ...]] = {
        definition: (definition.parse(_text(value)),)
        for name, definition in definitions.items()
        if (value := parameters.get(name)) is not None
    }
    times = [name for name, definition in definitions.items() if isinstance(definition, TimePartitions)]
    if not times or any(definitions[name] in given for name in times):
        return given
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not context.flow_run.auto_scheduled:
        raise UsageError(f"say which partition to make: give the parameter {' or '.join(times)}")
    instant = context.flow_run.expected_start_time
    assert instant is not None
    return {**closed_keys(project, steps, instant), **given}


def _label(step: str, partition: str | None) -> str:
    return step if partition is None else f"{step}[{partition}]"


def _reason(state: State[Any]) -> str:
    """Why a task run ended as it did, without the words that Prefect puts in front."""
    return (state.message or str(state.name)).removeprefix("Task run encountered an exception ")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _config_of_run(project: Project, steps: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, dict[str, Json]]:
    """Config values by step; those that were compiled are left out, so that the environment can replace them."""
    found: dict[str, dict[str, Json]] = {}
    for step, parameter in config_parameters(project, steps):
        values = found.setdefault(step, {})
        default = config_value(project, step, parameter)
        value = parameters.get(parameter_name(step, parameter.name), default)
        if not is_default(parameter, value, default):
            values[parameter.name] = value
    return found
