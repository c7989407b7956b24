"""What the scheduler tells: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

from flowstone.diagnostics.terminal import printable


class Teller:
    """Tells of everything that happens."""

    def __init__(self, stream: TextIO, clock: Callable[[], datetime], *, as_json: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._as_json = as_json

    def __call__(self, event: str, text: str, **more: Any) -> None:
        """An event, in words and, for programs, with its parts."""
        at = self._clock()
        if self._as_json:
            line = json.dumps({"event": event, "at": at.isoformat(timespec="seconds"), "text": text, **more})
        else:
            line = f"{at.astimezone():%H:%M:%S}  {printable(text)}"
        self._stream.write(f"{line}\n")
        self._stream.flush()
