"""What a rule says: a diagnostic without the code, which the engine adds."""

from __future__ import annotations

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.fixes.source import MakeFix, Sources
from flowstone.ir.node import Location


class Finding(Struct, frozen=True):
    """One thing that a rule found."""

    message: str
    """One sentence without a full stop: what is wrong, with the names in it."""
    at: Location | Span
    help: str | None = None
    """What to do about it."""
    related: tuple[tuple[Location, str], ...] = ()
    """Further places, each with what it is: the other half of what does not fit."""
    fix: MakeFix | None = None
    """Makes what would put it right, where that is mechanical."""
    severity: Severity | None = None
    """Only where it differs from the rule's."""

    def diagnostic(self, code: str, severity: Severity, sources: Sources) -> Diagnostic:
        """The finding as a diagnostic of the given code, with its fix of the sources."""
        return Diagnostic(
            code,
            self.severity or severity,
            self.message,
            to_span(self.at),
            self.help,
            tuple(Related(to_span(place), text) for place, text in self.related),
            None if self.fix is None else self.fix(sources),
        )


def to_span(place: Location | Span) -> Span:
    """A place of the intermediate representation as a place of a diagnostic."""
    if isinstance(place, Span):
        return place
    return Span(place.file, place.line, place.column, place.end_line, place.end_column)
