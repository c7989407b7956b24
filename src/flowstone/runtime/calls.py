"""Calling user functions, whether they are plain or ``async``, and generators that open and close something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_DONE = object()


class Caller:
    """Calls functions of one materialization; everything asynchronous in it shares one event loop."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any], *, is_async: bool) -> Any:
        """What the function returns, awaited if need be. Its exceptions pass through.

        Errors: concurrent.futures.CancelledError for asyncio's.
        """
        if not is_async:
            return function(**arguments)
        return self._run(function(**arguments))

    def advance(self, generator: Any, *, is_async: bool) -> tuple[bool, Any]:
        """Let a generator run to its next ``yield``: whether there was one, and its value."""
        value = self._run(anext(generator, _DONE)) if is_async else next(generator, _DONE)
        return (False, None) if value is _DONE else (True, value)

    def _run(self, awaitable: Any) -> Any:
        import asyncio

        if self._runner is None:
            self._runner = asyncio.Runner()

        async def wait() -> Any:
            return await awaitable

        try:
            return self._runner.run(wait())
        except asyncio.CancelledError as error:  # no Exception: callers would take it for the end of everything
            raise CancelledError("something that it awaits was cancelled") from error

    def __enter__(self) -> Caller:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the event loop, if there is one."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None
