"""How often each code was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flowstone.checks.catalog import codes
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.diagnostics.diagnostic import Diagnostic

FORMATS = ("text", "json")
"""The formats that have statistics."""


def statistics(findings: Iterable[Diagnostic], output_format: str) -> str:
    """A line for each code, the most frequent one first. Errors: UsageError for a format that has no statistics."""
    if output_format not in FORMATS:
        raise UsageError(f"--statistics has no format {output_format!r}", help=f"there are: {', '.join(FORMATS)}")
    counts = Counter(item.code for item in findings)
    rows = [(counts[code], code, codes()[code]) for code in sorted(counts, key=lambda code: (-counts[code], code))]
    if output_format == "json":
        return json.dumps([{"code": code, "name": name, "count": count} for count, code, name in rows], indent=2) + "\n"
    width = max((len(str(count)) for count, _, _ in rows), default=0)
    return "".join(f"{count:>{width}}  {code}  {name}\n" for count, code, name in rows)
