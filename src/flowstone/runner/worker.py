"""A worker process of the local runner: reads orders from its standard input, one JSON object a line, and answers.

It is started as ``python -m flowstone.runner.worker MANIFEST LIFELINE`` with a session of its own. What assets print
goes to the standard error stream, which the runner points at a log file; the answers go where standard output led.

``LIFELINE`` is the reading end of a pipe that only the runner holds open. A guard process waits for its end, whatever
the worker is doing then, and kills the worker's whole process group and what has left it: nothing outlives the runner.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

from flowstone.runner.remains import MARK, kill_marked


def main(manifest: str, lifeline: int) -> None:
    """Serve until the standard input ends."""
    start_guard(lifeline)
    orders, answers = channels()

    from flowstone.ir.light_pydantic import without_plugins
    from flowstone.runner.capture import FORMAT

    # Among the log records in the right order, and not lost if this process is killed.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    with without_plugins():
        from flowstone.runner.attempt import attempt, failed
        from flowstone.runner.result import Order
        from flowstone.runtime.workspace import Workspace

        workspace = Workspace.open(Path(manifest))
    answers.write(json.dumps({"ready": os.getpid()}) + "\n")
    for line in orders:
        order, started = Order(**json.loads(line)), time.perf_counter()
        try:
            result = attempt(workspace, order)
        except KeyboardInterrupt as error:  # the function's own: Ctrl-C does not reach this session
            result = failed(workspace, order, error, time.perf_counter() - started)
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(result.to_json(), default=str) + "\n")


def channels() -> tuple[TextIO, TextIO]:
    """Where orders come from, and where answers go: nothing else reads or writes there from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return orders, answers


def start_guard(lifeline: int) -> None:
    """Leave a process in this group, but not a child of this one, that kills the group when the runner is gone."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.close(lifeline)
        return
    if os.fork():
        os._exit(0)
    try:
        for number in (0, 1, 2):
            os.close(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.read(lifeline, 1)
        kill_marked(os.environ.get(MARK, ""))
        os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
