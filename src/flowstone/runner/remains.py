"""Processes that a worker has started and that left its group: they still have its mark in their environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "FLOWSTONE_WORKER"
"""Environment variable that holds the mark of a worker."""
_PATIENCE = 2.0
"""Seconds until a process that begins is taken for one without an environment."""
_ENVIRONMENT = 47
"""Which of the numbers after the name in ``/proc/PID/stat`` tells where the environment begins (``env_start``)."""
_ROUNDS = 20
"""How often is looked for more: who starts others while it is being killed gets no further."""


def kill_marked(mark: str) -> None:
    """Kill all processes with a mark but this one. Where there is no ``/proc`` nothing can be found."""
    for _ in range(_ROUNDS):
        found = list(_marked(mark))
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        with suppress(OSError):
            # Of a process that is dead and was not waited for this is empty.
            if pid != os.getpid() and wanted in environment(path).split(b"\0"):
                yield pid


def environment(path: Path) -> bytes:
    """The environment of a process. One that is just becoming another program has none for a moment: it is waited for.

    Whoever has started it may go on before that is over. Errors: OSError.
    """
    deadline = time.monotonic() + _PATIENCE
    while not (found := path.read_bytes()) and time.monotonic() < deadline:
        if not _is_becoming(path.parent):
            return path.read_bytes()  # it may have become one since the first look
        time.sleep(0.001)
    return found


def _is_becoming(process: Path) -> bool:
    """Whether a process has a program, and that has no place for an environment yet. Errors: OSError if it is dead."""
    (process / "exe").readlink()
    numbers = (process / "stat").read_bytes().rpartition(b")")[2].split()
    return numbers[_ENVIRONMENT] == b"0"
