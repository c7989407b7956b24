"""How a target lowers what a project uses: a line for each construct."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowstone.diagnostics.excerpt import printable
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.targets.versions import ChosenTarget, Lowering

FORMATS = ("text", "json")
"""The formats that explanations have."""


def explain_target(target: ChosenTarget, lowerings: Sequence[Lowering], output_format: str) -> str:
    """The lines, or a JSON list. Errors: UsageError for a format that has no explanations."""
    if output_format not in FORMATS:
        raise UsageError(f"--explain-target has no format {output_format!r}", help=f"there are: {', '.join(FORMATS)}")
    if output_format == "json":
        return json.dumps([_to_json(target, item) for item in lowerings], indent=2) + "\n"
    return "".join(f"{line}\n" for line in _lines(lowerings))


def _lines(lowerings: Sequence[Lowering]) -> Iterator[str]:
    width = max((len(item.capability.construct) for item in lowerings), default=0)
    for item in lowerings:
        row, first = item.capability, item.places[0]
        more = f" and {len(item.places) - 1:,} more" if len(item.places) > 1 else ""
        place = printable(f"{first.file}:{first.line}{more}")
        yield f"{row.how:<7}  {row.construct:<{width}}  {row.note} ({place})"


def _to_json(target: ChosenTarget, item: Lowering) -> dict[str, object]:
    return {
        "target": target.title,
        "construct": item.capability.construct,
        "how": item.capability.how,
        "note": item.capability.note,
        "places": [place.model_dump() for place in item.places],
    }
