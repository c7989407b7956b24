"""What the scheduler tells: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

from flowstone.diagnostics.terminal import printable

_BELOW = "\n" + " " * len("hh:mm:ss  ")


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
            lines = printable(text).replace("\n", _BELOW)
            line = _fitting(f"{at.astimezone():%H:%M:%S}  {lines}", self._stream)
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _fitting(text: str, stream: TextIO) -> str:
    """The text with what the stream's encoding lacks written as a terminal can show it."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
