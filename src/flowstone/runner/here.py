"""Runs orders in this process, with what they print kept or not."""

from __future__ import annotations

from pathlib import Path

from flowstone.runner.attempt import attempt
from flowstone.runner.capture import Capture
from flowstone.runner.logs import with_output
from flowstone.runner.result import Order, Result
from flowstone.runtime.workspace import Workspace


class Here:
    """Runs orders in this process."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, order: Order) -> Result:
        return attempt(self._workspace, order)

    def close(self) -> None:
        """What runs in this process cannot be stopped."""


class Kept(Here):
    """Runs orders in this process and keeps what they print."""

    def __init__(self, workspace: Workspace, capture: Capture, log: Path, *, shown: bool) -> None:
        super().__init__(workspace)
        self._capture = capture
        self._log = log
        self._shown = shown

    def run(self, order: Order) -> Result:
        with self._capture.into(self._log, order, shown=self._shown) as printed:
            result = attempt(self._workspace, order)
        if self._shown or printed.start is None:
            return result
        return with_output(result, self._log, printed.start, self._workspace.redactor.text)
