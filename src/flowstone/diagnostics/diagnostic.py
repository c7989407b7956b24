"""A finding in a user's project. Diagnostics are values: collected, sorted, filtered, printed.

Cheap to import, since a run of ``check`` that finds everything in its cache imports little else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict


class Severity(StrEnum):
    """How bad it is. Errors and warnings make ``check`` exit 1; infos do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Span(Struct, frozen=True, order=True):
    """A place in a file; lines and columns count from 1, the end column is the one behind the last character."""

    file: str
    """Path with forward slashes, relative to the project's folder."""
    line: int
    column: int
    end_line: int
    end_column: int


class Related(Struct, frozen=True, order=True):
    """A further place that helps to understand the finding."""

    span: Span
    message: str


class Edit(Struct, frozen=True, order=True):
    """A replacement of a span's text."""

    span: Span
    text: str


class Fix(Struct, frozen=True):
    """What would put a finding right: edits that belong together. They do not overlap, and are of any order."""

    title: str
    """What it does, as an editor's menu shows it: one line without a full stop, such as ``Change 'retires' to ...``."""
    edits: tuple[Edit, ...]
    safe: bool = True
    """Whether it cannot change what the project means. A guess is unsafe, however likely."""


class Diagnostic(Struct, frozen=True):
    """One finding."""

    code: str
    severity: Severity
    message: str
    """One sentence without a full stop: what is wrong, with the names in it."""
    span: Span
    help: str | None = None
    """What to do about it."""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    about: str = ""
    """Code of another rule that it is about: where that rule is not shown it means nothing. Not published."""

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return self.span, self.code, self.message

    def to_json(self) -> dict[str, Any]:
        """The published form: a flat object."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            **asdict(self.span),
            "help": self.help,
            **_fix_to_json(self.fix),
            "related": [{**asdict(related.span), "message": related.message} for related in self.related],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Diagnostic:
        """The inverse of ``to_json``; ``about`` may be there too. Errors: KeyError, TypeError, ValueError."""
        return cls(
            code=data["code"],
            severity=Severity(data["severity"]),
            message=data["message"],
            span=_span(data),
            help=data["help"],
            related=tuple(Related(_span(item), item["message"]) for item in data["related"]),
            fix=_fix_from_json(data),
            about=data.get("about", ""),
        )


def _fix_to_json(fix: Fix | None) -> dict[str, Any]:
    if fix is None:
        return {"fix": None, "fix_title": None, "fix_safety": None}
    return {
        "fix": [{**asdict(edit.span), "text": edit.text} for edit in fix.edits],
        "fix_title": fix.title,
        "fix_safety": "safe" if fix.safe else "unsafe",
    }


def _fix_from_json(data: dict[str, Any]) -> Fix | None:
    if data["fix"] is None:
        return None
    edits = tuple(Edit(_span(item), item["text"]) for item in data["fix"])
    return Fix(data["fix_title"], edits, safe={"safe": True, "unsafe": False}[data["fix_safety"]])


def _span(data: dict[str, Any]) -> Span:
    return Span(data["file"], data["line"], data["column"], data["end_line"], data["end_column"])


def spans(findings: Iterable[Diagnostic]) -> Iterator[Span]:
    """All places in findings: their own, the related ones and those of fixes."""
    for finding in findings:
        yield finding.span
        for place in finding.related:
            yield place.span
        for edit in () if finding.fix is None else finding.fix.edits:
            yield edit.span
