"""Places of diagnostics as places of the intermediate representation."""

from __future__ import annotations

from flowstone.diagnostics.diagnostic import Span
from flowstone.ir.node import Location, Spot


def location(span: Span) -> Location:
    """The same place."""
    return Location.model_construct(
        file=span.file, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column
    )


def spot(span: Span) -> Spot:
    """The same place in a file that is known."""
    return span.line, span.column, span.end_line, span.end_column


def span_of(place: Location) -> Span:
    """The same place."""
    return Span(place.file, place.line, place.column, place.end_line, place.end_column)
