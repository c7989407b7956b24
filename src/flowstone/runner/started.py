"""The process of a run that a scheduler starts: ``python -m flowstone.runner.started LIFELINE``.

It reads the run as JSON from the standard input. Nothing begins while a source file is another than that
of the project: somebody is writing it. The id is given, and the history has each id once: the same start cannot become
two runs, whenever the scheduler dies. ``LIFELINE`` is that of a worker.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowstone.runner.exits import EXIT_BUSY, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_REFUSED
from flowstone.runner.worker import start_guard


def main(lifeline: int) -> int:
    """Carry out the run, and return the exit code."""
    start_guard(lifeline)
    try:
        return _carried_out(json.loads(sys.stdin.readline()))
    except KeyboardInterrupt:  # before the run has begun: the scheduler starts it the next time
        return EXIT_INTERRUPTED


def _carried_out(order: dict[str, Any]) -> int:
    from flowstone.diagnostics.terminal import error_text
    from flowstone.errors import ConfigurationError, FlowStoneError, RunConflictError, UsageError
    from flowstone.runner.session import carry_out
    from flowstone.runtime.workspace import Workspace

    hide: Callable[[str], str] = str
    try:
        workspace = Workspace.open(Path(order["manifest"]))
        hide = workspace.hide
        _demand_sources(workspace, order["steps"])
        return carry_out(workspace, _session(order))
    except RunConflictError as error:
        sys.stderr.write(error_text(error))
        return EXIT_BUSY
    except FlowStoneError as error:
        sys.stderr.write(hide(error_text(error)))
        return (
            EXIT_FAILED if isinstance(error, ConfigurationError) or not isinstance(error, UsageError) else EXIT_REFUSED
        )


def _demand_sources(workspace: Any, steps: list[str]) -> None:
    from flowstone.errors import ConfigurationError

    modules = {module for step in steps for module in workspace.step(step).modules}
    files = workspace.project.files
    try:
        for file in (files[name] for name in modules if name in files):
            if not workspace.root.joinpath(file.path).exists():  # as when another branch is checked out
                raise ConfigurationError(f"{file.path} is missing")
        workspace.demand_sources(modules)
    except ConfigurationError as error:
        raise ConfigurationError(str(error), help="it has changed, and the project was not sound since") from error


def _session(order: dict[str, Any]) -> Any:
    from flowstone.runner.prepare import Asked
    from flowstone.runner.session import Session

    return Session(
        asked=Asked(tuple(order["steps"]), tuple(order["keys"]), assignments=tuple(order["assignments"])),
        executor=order["executor"],
        workers=order["workers"],
        dask=order["dask"],
        ray=order["ray"],
        manifest=Path(order["manifest"]),
        command=order["command"],
        resume=f"flowstone run --resume {order['run_id']}",
        run_id=order["run_id"],
        output_format=order["output_format"],
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
