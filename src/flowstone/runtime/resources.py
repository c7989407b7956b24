"""Resources: opened for one materialization, each once, and closed in reverse order whatever happened in between."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from flowstone.dsl.context import Context
from flowstone.errors import ResourceError
from flowstone.ir.asset import Resource
from flowstone.ir.function import Signature
from flowstone.runtime.arguments import config_arguments
from flowstone.runtime.calls import Caller
from flowstone.runtime.workspace import Workspace


class OpenResources:
    """The resources that one materialization uses. As a context manager it closes them."""

    def __init__(self, workspace: Workspace, caller: Caller, context: Context, log: logging.Logger) -> None:
        self._workspace = workspace
        self._caller = caller
        self._context = context
        self._log = log
        self._values: dict[str, Any] = {}
        self._generators: list[tuple[Resource, Any]] = []

    def open(self, resources: Iterable[Resource]) -> None:
        """Open resources in this order. Errors: ResourceError naming the one that could not be opened."""
        for resource in resources:
            try:
                self._values[resource.name] = self._open(resource)
            except ResourceError:
                raise
            except Exception as error:
                raise ResourceError(
                    f"resource {resource.name} could not be opened: {type(error).__name__}: {error}"
                ) from error

    def arguments(self, signature: Signature) -> Mapping[str, Any]:
        """The values of those parameters that receive resources."""
        return {use.parameter: self._values[use.resource] for use in signature.resources if use.parameter is not None}

    def _open(self, resource: Resource) -> Any:
        ref = resource.function
        function = self._workspace.function(ref, "resource")
        configured = self._workspace.project.params.get(resource.name, {})
        arguments = {
            **config_arguments(self._workspace, resource.name, resource.signature, configured),
            **self.arguments(resource.signature),
        }
        if resource.signature.context is not None:
            arguments[resource.signature.context] = self._context
        if resource.items:
            items = function(**arguments)
            self._generators.append((resource, items))
            return items
        if not ref.is_generator:
            return self._caller.call(function, arguments, is_async=ref.is_async)
        generator = function(**arguments)
        yielded, value = self._caller.advance(generator, is_async=ref.is_async)
        if not yielded:
            raise ResourceError(f"resource {resource.name} could not be opened: its function yields nothing")
        self._generators.append((resource, generator))
        return value

    def close(self) -> ResourceError | None:
        """Close everything in reverse order; what goes wrong is logged. The first error is returned."""
        first = None
        while self._generators:
            resource, generator = self._generators.pop()
            try:
                if resource.items:
                    generator.close()
                    continue
                again, _ = self._caller.advance(generator, is_async=resource.function.is_async)
                error = ResourceError(f"resource {resource.name} yields a second time") if again else None
            except Exception as cause:  # noqa: BLE001 - whatever user code raises
                error = ResourceError(f"resource {resource.name} could not be closed: {type(cause).__name__}: {cause}")
                error.__cause__ = cause
            if error is not None:
                self._log.error("%s", error)
                first = first or error
        return first

    def __enter__(self) -> OpenResources:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = self.close()
        if failure is not None and error is None:
            raise failure
        if failure is not None and error is not None:
            error.add_note(str(failure))
