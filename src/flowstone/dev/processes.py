"""The processes of looks and runs: each in a session of its own, told apart by what they were started for.

Nothing that they start outlives the scheduler: a guard in each waits for the end of a pipe that it alone holds.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from flowstone.runner.marked_process import MarkedProcess

Line = Callable[[str], None]


class Child:
    """One process. ``ended`` is called, in a thread of its own, with the exit code and what it wrote as its answer."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        order: Mapping[str, object],
        environment: Mapping[str, str],
        line: Line,
        ended: Callable[[int, str], None],
        *,
        answers: bool = False,
    ) -> None:
        """With ``answers`` what comes on the standard output is the answer; else its lines are told like the others."""
        self._ended = ended
        self._lock = threading.Lock()
        self._over = False
        self._marked = MarkedProcess(module, arguments, environment, subprocess.PIPE)
        self._process = self._marked.popen
        streams = self._process
        assert streams.stdin is not None and streams.stdout is not None and streams.stderr is not None
        with suppress(OSError), streams.stdin:  # if it has ended, the exit code says so
            streams.stdin.write(json.dumps(order) + "\n")
        self._answer: list[str] = []
        readers = [
            threading.Thread(target=_read, args=(streams.stdout, self._answer.append if answers else line)),
            threading.Thread(target=_read, args=(streams.stderr, line)),
        ]
        for reader in readers:
            reader.daemon = True
            reader.start()
        threading.Thread(target=self._wait, args=(readers,), daemon=True).start()

    def ask_to_end(self) -> None:
        """As by Ctrl-C."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, with everything that it has started."""
        with self._lock:
            if not self._over:
                self._marked.kill()

    def _wait(self, readers: Sequence[threading.Thread]) -> None:
        code = self._process.wait()
        with self._lock:
            self._marked.kill()  # what it has started may hold the pipes
            self._over = True
        for reader in readers:
            reader.join()
        self._marked.let_go()
        self._ended(code, "".join(self._answer))


def _read(stream: IO[str], line: Line) -> None:
    with stream:
        for text in stream:
            line(text)
