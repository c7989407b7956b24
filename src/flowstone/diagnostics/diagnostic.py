"""A finding in a user's project. Diagnostics are values: collected, sorted, filtered, printed.

Plain dataclasses, so that a run of ``check`` that finds everything in its cache imports no third-party package.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad it is. Errors and warnings make ``check`` exit 1; infos do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file; lines and columns count from 1, the end column is the one behind the last character."""

    file: str
    """Path with forward slashes, relative to the project's folder."""
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, order=True)
class Related:
    """A further place that helps to understand the finding."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A replacement of a span's text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding."""

    code: str
    severity: Severity
    message: str
    """One sentence without a full stop: what is wrong, with the names in it."""
    span: Span
    help: str | None = None
    """What to do about it."""
    related: tuple[Related, ...] = ()
    fix: tuple[Edit, ...] | None = None

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
            "fix": None if self.fix is None else [{**asdict(edit.span), "text": edit.text} for edit in self.fix],
            "related": [{**asdict(related.span), "message": related.message} for related in self.related],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Diagnostic:
        """The inverse of ``to_json``. Errors: KeyError, TypeError, ValueError for other data."""
        return cls(
            code=data["code"],
            severity=Severity(data["severity"]),
            message=data["message"],
            span=_span(data),
            help=data["help"],
            related=tuple(Related(_span(item), item["message"]) for item in data["related"]),
            fix=None if data["fix"] is None else tuple(Edit(_span(item), item["text"]) for item in data["fix"]),
        )


def _span(data: dict[str, Any]) -> Span:
    return Span(data["file"], data["line"], data["column"], data["end_line"], data["end_column"])
