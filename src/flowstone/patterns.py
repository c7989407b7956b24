"""Regular expressions that are compiled when they are first used: most commands use few of those that they import."""

from __future__ import annotations

import re
from typing import Any


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` gives, later."""
    return _Later(text, flags)  # type: ignore[return-value]


class _Later:
    """Stands for a compiled pattern: its methods are kept when they are first asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._given), name)
        setattr(self, name, value)
        return value
