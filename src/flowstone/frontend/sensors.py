"""What a sensor is told: the job that it starts, and how often it looks."""

from __future__ import annotations

from flowstone.dsl.duration import seconds
from flowstone.frontend.drafts import Draft
from flowstone.frontend.findings import Findings

SHORTEST = 1.0
"""Seconds between two looks."""
_CODE = "FS609"
_EXAMPLE = 'write for example every="30s"'


def sensed_job(draft: Draft, findings: Findings) -> str | None:
    """The name of the job, or None after a finding."""
    job: str | None = draft.keywords.values.get("job")
    if job is None and "job" not in draft.keywords.refused:
        message = f"sensor '{draft.name}' does not say which job it starts"
        findings.error("FS005", message, draft.declared.span, help='add job="name_of_the_job"')
    return job


def lengths(draft: Draft, findings: Findings) -> dict[str, float] | None:
    """``every``, and ``timeout`` if it is given, in seconds; None after a finding."""
    keywords = draft.keywords
    if "every" not in keywords.values and "every" not in keywords.refused:
        message = f"sensor '{draft.name}' does not say how often it looks"
        findings.error(_CODE, message, draft.declared.span, help=f"{_EXAMPLE} in @sensor(...)")
    given: list[str] = [name for name in ("every", "timeout") if name in keywords.values]
    found = {name: length for name in given if (length := _length(draft, name, findings)) is not None}
    return found if "every" in found and len(found) == len(given) else None


def _length(draft: Draft, keyword: str, findings: Findings) -> float | None:
    span = draft.keywords.spans[keyword]
    try:
        length = seconds(draft.keywords.values[keyword])
    except (ValueError, TypeError) as error:
        findings.error(_CODE, f"'{keyword}' of sensor '{draft.name}': {error}", span, help=_EXAMPLE)
        return None
    if length < SHORTEST:
        message = f"'{keyword}' of sensor '{draft.name}' must be at least one second, not {length:g}"
        findings.error(_CODE, message, span, help=_EXAMPLE)
        return None
    return length
