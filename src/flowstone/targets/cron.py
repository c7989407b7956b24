"""Cron expressions as engines take them."""

from __future__ import annotations

_NAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}


def cron_fields(expression: str) -> list[str]:
    """The fields of an expression, names such as ``@daily`` written out."""
    text = expression.strip().casefold()
    return _NAMES.get(text, text).split()
