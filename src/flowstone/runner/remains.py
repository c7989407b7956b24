"""Processes that a worker has started and that left its group: they still have its mark in their environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "FLOWSTONE_WORKER"
"""Environment variable that holds the mark of a worker."""
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
            if pid != os.getpid() and wanted in path.read_bytes().split(b"\0"):
                yield pid
