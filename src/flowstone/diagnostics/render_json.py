"""Findings as JSON, one object each: as a list, or a line for each."""

from __future__ import annotations

import json
from collections.abc import Iterable

from flowstone.diagnostics.diagnostic import Diagnostic


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """All findings, in ASCII: what is outside of it is escaped."""
    return json.dumps([item.to_json() for item in diagnostics], indent=2) + "\n"


def render_jsonl(diagnostics: Iterable[Diagnostic]) -> str:
    """The same objects, a line for each: for tools that read while others still write."""
    return "".join(f"{json.dumps(item.to_json())}\n" for item in diagnostics)
