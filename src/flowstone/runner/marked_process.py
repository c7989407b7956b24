"""A process of ours in a session of its own, with a mark by which all is found that it has started.

It does not outlive this process: a guard in it waits for the end of a pipe that only this one holds open.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from flowstone.runner.remains import MARK, kill_marked


class MarkedProcess:
    """A module of ours, whose last argument is the number of the guard's pipe (``worker.start_guard``)."""

    def __init__(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], stderr: int | IO[Any]
    ) -> None:
        """Its other streams are pipes of text. Errors: OSError."""
        self._mark = secrets.token_hex(16)
        lifeline, self._lifeline = os.pipe()
        try:
            self.popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", module, *arguments, str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**environment, MARK: self._mark},
                pass_fds=[lifeline],
                start_new_session=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)

    def kill(self) -> None:
        """Kill it, everything in its group, and what has left that."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        kill_marked(self._mark)

    def let_go(self) -> None:
        """End the pipe of its guard."""
        os.close(self._lifeline)
