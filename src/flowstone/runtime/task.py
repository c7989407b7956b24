"""What one materialization is about, and how user functions are called within it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from flowstone.dsl.context import Context
from flowstone.dsl.partitions import PartitionKey
from flowstone.dsl.signals import HandlerWord
from flowstone.io.record import InputVersion
from flowstone.ir.asset import Resource
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

_LOG = logging.getLogger("flowstone")


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


class Call:
    """Calls user functions with everything bound that their signatures ask for. As a context manager it closes what was
    opened for them. What few of them ask for is made when the first does.
    """

    __slots__ = ("_caller", "_resources", "noted", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.noted: Context | None = None
        """The context, if a function has received it."""
        self._caller: Caller | None = None
        self._resources: OpenResources | None = None

    @property
    def context(self) -> Context:
        """What functions learn about the run."""
        if self.noted is None:
            run, task = self.task.run, self.task
            self.noted = Context(task.prepared.step.id, task.key, run.id, run.engine, run.attempt, _LOG)
        return self.noted

    def open(self, resources: Collection[Resource]) -> None:
        """Open resources in this order. Errors: ResourceError naming the one that could not be opened."""
        self.resources.open(resources)

    @property
    def resources(self) -> OpenResources:
        """The resources that are open."""
        if self._resources is None:
            self._resources = OpenResources(self.task.workspace, self._calling(), self.context, _LOG)
        return self._resources

    def _calling(self) -> Caller:
        """What calls functions that are more than plain ones."""
        if self._caller is None:
            self._caller = Caller()
        return self._caller

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._resources is not None:
                self._resources.__exit__(kind, error, trace)
        finally:
            if self._caller is not None:
                self._caller.close()

    def step(self, values: Mapping[str, Any]) -> Any:
        """Call the function of the step."""
        prepared = self.task.prepared
        arguments = values
        if not prepared.bare or self.task.config:
            arguments = self._arguments("asset", prepared.step.signature, prepared.id, values)
        function = self.task.workspace.function_of(prepared)
        return self._call(function, arguments, is_async=True) if prepared.is_async else function(**arguments)

    def __call__(self, ref: FunctionRef, kind: str, signature: Signature, owner: str, values: Mapping[str, Any]) -> Any:
        function: Callable[..., Any] = self.task.workspace.function(ref, kind)  # type: ignore[arg-type]
        return self._call(function, self._arguments(kind, signature, owner, values), is_async=ref.is_async)

    def _call(self, function: Callable[..., Any], arguments: Mapping[str, Any], *, is_async: bool) -> Any:
        return self._calling().call(function, arguments, is_async=True) if is_async else function(**arguments)

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
        return self._call(function, arguments, is_async=ref.is_async)

    def scatter(self, scattering: Scattering, parameter: str, values: Mapping[str, Any]) -> list[Any]:
        """Call the step's function for each item. Errors: those of an item, if too many fail."""
        step = self.task.prepared.step
        function = self.task.workspace.function(step.function)
        arguments = self._arguments("asset", step.signature, step.id, values)

        def one(item: Any) -> Any:
            return function(**{**arguments, parameter: item})

        if step.function.is_async:
            self._call(scattering.run_async, {"call": one}, is_async=True)
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
