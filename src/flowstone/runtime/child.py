"""The process in which a step with a timeout runs: ``python -m flowstone.runtime.child FD``, started by ``isolate``.

It reads one request as JSON from standard input and writes JSON lines to the file descriptor: ``{"ready": true}``, then
an outcome or a failure. Standard input stays open for as long as the parent lives; when it ends, so does this process.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from flowstone.ir.node import Json
from flowstone.runtime.materialize import materialize
from flowstone.runtime.retries import worth_retrying
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace


def main(channel: int) -> None:
    """Serve the one request."""
    os.set_inheritable(channel, False)  # what the user's code starts must not keep the pipe open
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    request = json.loads(sys.stdin.readline())
    sys.path[:] = request["path"]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _say(channel, {"ready": True})
    answer = _answer(request)
    sys.stdout.flush()  # once the parent has the answer it ends this process
    sys.stderr.flush()
    _say(channel, answer)


def _answer(request: dict[str, Any]) -> Json:
    workspace = Workspace.open(Path(request["manifest"]))
    workspace.secrets.found.update(request["secrets"])
    run = Run(**request["run"])
    try:
        outcome = materialize(workspace, request["step"], request["partition"], run, config=request["config"])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the parent raises it again
        hide = workspace.redactor.text
        sys.stderr.write(hide(traceback.format_exc()))
        policy = workspace.project.steps[request["step"]].retries
        return {
            "kind": type(error).__name__,
            "message": hide(str(error)),
            "help": workspace.redactor.help_of(error),
            "retryable": worth_retrying(error, policy),
        }
    records = [record.to_builtins() for record in outcome.records]
    return {"status": outcome.status, "reason": outcome.reason, "records": records}


def _say(channel: int, value: Json) -> None:
    data = json.dumps(value).encode() + b"\n"
    while data:
        data = data[os.write(channel, data) :]


def _end_with_parent() -> None:
    sys.stdin.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
