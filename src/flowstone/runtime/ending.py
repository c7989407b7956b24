"""How a process ended, in words."""

from __future__ import annotations

import signal


def ending(code: int) -> str:
    """``ended with exit code 3``, ``was killed by SIGKILL``, from the code that ``subprocess`` gives."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
