"""Lengths of time as users write them: ``"30s"``, ``"1h30m"``, seconds as a number, or a ``timedelta``."""

from __future__ import annotations

import re
from datetime import timedelta

Duration = int | float | str | timedelta
"""What a user may write for a length of time; numbers are seconds."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def seconds(value: Duration) -> float:
    """Return the length in seconds.

    Raises:
        ValueError: the text is not a sequence of numbers with units ms, s, m, h, d, w; or the length is negative.
        TypeError: the value is of another type.
    """
    if isinstance(value, bool):
        raise TypeError("a duration is a number of seconds, a text such as '30s', or a timedelta, not a bool")
    if isinstance(value, timedelta):
        result = value.total_seconds()
    elif isinstance(value, int | float):
        result = float(value)
    elif isinstance(value, str):
        text = value.replace(" ", "")
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError(f"{value!r} is not a duration; write for example '30s', '15m', '1h30m' or '2d'")
        result = sum(float(number) * _UNITS[unit] for number, unit in parts)
    else:
        raise TypeError(f"a duration is a number of seconds, a text such as '30s', or a timedelta, not {value!r}")
    if not 0 <= result < float("inf"):
        raise ValueError(f"a duration cannot be {value!r}")
    return result
