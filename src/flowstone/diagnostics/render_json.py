"""Findings as a JSON list, one object each."""

from __future__ import annotations

import json
from collections.abc import Iterable

from flowstone.diagnostics.diagnostic import Diagnostic


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """All findings, in ASCII: what is outside of it is escaped."""
    return json.dumps([item.to_json() for item in diagnostics], indent=2) + "\n"
