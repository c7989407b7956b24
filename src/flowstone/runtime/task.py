"""What one materialization is about, and how user functions are called within it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from flowstone.dsl.context import Context
from flowstone.dsl.partitions import PartitionKey
from flowstone.dsl.signals import HandlerWord
from flowstone.io.record import InputVersion
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.node import Json
from flowstone.runtime.arguments import config_arguments
from flowstone.runtime.calls import Caller
from flowstone.runtime.inputs import Input
from flowstone.runtime.prepared import PreparedStep
from flowstone.runtime.resources import OpenResources
from flowstone.runtime.run import Run
from flowstone.runtime.scatter import Scattering
from flowstone.runtime.workspace import Workspace


class Task(Struct, frozen=True):
    """What one materialization is about."""

    workspace: Workspace
    prepared: PreparedStep
    key: PartitionKey | None
    run: Run
    config: Mapping[str, Json]
    inputs: tuple[Input, ...]
    versions: tuple[InputVersion, ...]
    config_version: str
    force: bool

    @property
    def partition(self) -> str | None:
        return None if self.key is None else self.key.text


class Call(Struct, frozen=True):
    """Calls a user function with everything bound that its signature asks for."""

    task: Task
    caller: Caller
    resources: OpenResources
    context: Context

    def __call__(self, ref: FunctionRef, kind: str, signature: Signature, owner: str, values: Mapping[str, Any]) -> Any:
        function: Callable[..., Any] = self.task.workspace.function(ref, kind)  # type: ignore[arg-type]
        return self.caller.call(function, self._arguments(kind, signature, owner, values), is_async=ref.is_async)

    def part(self, word: HandlerWord | None, values: Mapping[str, Any]) -> Any:
        """Call a function of a step with a gate: the one that asks, or a handler."""
        step = self.task.prepared.step
        assert step.gate is not None
        handler = None if word is None else step.gate.handlers[word]
        ref = step.function if handler is None else handler.function
        signature = step.signature.of(word, None if handler is None else handler.context)
        arguments = self._arguments("asset", signature, step.id, values)
        workspace = self.task.workspace
        function = workspace.function(ref) if word is None else workspace.handler(step.function, word)
        return self.caller.call(function, arguments, is_async=ref.is_async)

    def scatter(self, scattering: Scattering, parameter: str, values: Mapping[str, Any]) -> list[Any]:
        """Call the step's function for each item. Errors: those of an item, if too many fail."""
        step = self.task.prepared.step
        function = self.task.workspace.function(step.function)
        arguments = self._arguments("asset", step.signature, step.id, values)

        def one(item: Any) -> Any:
            return function(**{**arguments, parameter: item})

        if step.function.is_async:
            self.caller.call(scattering.run_async, {"call": one}, is_async=True)
        else:
            scattering.run(one)
        return scattering.results()

    def _arguments(self, kind: str, signature: Signature, owner: str, values: Mapping[str, Any]) -> dict[str, Any]:
        workspace = self.task.workspace
        config = workspace.project.params.get(owner, {})
        if kind == "asset" and self.task.config:
            config = {**config, **self.task.config}
        if kind == "asset" and self.task.prepared.step.gate is not None:  # the others are those of its other functions
            own = {item.name for item in signature.config}
            config = {name: value for name, value in config.items() if name in own}
        arguments = dict(values)
        if signature.context is not None:
            arguments[signature.context] = self.context
        if signature.resources:
            arguments.update(self.resources.arguments(signature))
        if config or signature.config:
            arguments.update(config_arguments(workspace, owner, signature, config))
        return arguments
