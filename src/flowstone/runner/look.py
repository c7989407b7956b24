"""The process in which a sensor looks: ``python -m flowstone.runner.look MANIFEST LIFELINE``, started by a scheduler.

It reads one order as JSON from the standard input, with ``sensor``, ``cursor`` and ``run_id``, and answers in JSON
where standard output led. What the function prints goes to the standard error stream. ``LIFELINE`` is that of a worker.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from flowstone.runner.worker import start_guard


def main(manifest: str, lifeline: int) -> None:
    """Look once."""
    start_guard(lifeline)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())

    import logging

    from flowstone.runner.capture import FORMAT

    logging.basicConfig(level=logging.INFO, format=FORMAT)
    answers.write(json.dumps(_answer(Path(manifest), order)) + "\n")
    answers.flush()


def _answer(manifest: Path, order: dict[str, Any]) -> dict[str, Any]:
    from flowstone.runner.attempt import user_traceback
    from flowstone.runtime.sensing import look
    from flowstone.runtime.workspace import Workspace

    workspace = Workspace.open(manifest)
    try:
        found = look(workspace, order["sensor"], order["cursor"], order["run_id"], "local")
        return {"requests": [asdict(item) for item in found.requests], "cursor": found.cursor}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the scheduler tells it
        sys.stderr.write(workspace.hide(user_traceback(error)))
        return {"error": workspace.hide(f"{type(error).__name__}: {error}")}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
