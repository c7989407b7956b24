"""Takes one file through the front end and the rules, as a project of its own, within bounds."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowstone.checks.catalog import codes
from flowstone.checks.engine import find_all
from flowstone.config.model import IoManagerSettings, Settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend import load
from tests.robustness.soak import SOAK

SECONDS = 2.0 if SOAK else 6.0
"""Processor time that one file may take: 2 s where that is measured, more where a slow machine must not fail."""


class TooLongError(BaseException):
    """A file takes more time than it may. No ``Exception``: nothing shall catch it on the way."""


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise TooLongError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def examine(path: Path, *, seconds: float = SECONDS) -> tuple[Diagnostic, ...]:
    """What is found in a file that is a project of its own.

    Errors: TooLongError; AssertionError for a finding that is none; whatever a fault of the front end raises.
    """
    settings = Settings(
        name="subject",
        root=path.parent,
        home=path.parent / ".flowstone",
        sources=(path.name,),
        io_managers={"local": IoManagerSettings("filesystem")},
    )
    gc.disable()  # the garbage of other tests is none of this file's
    try:
        with _bounded(seconds):
            loaded = load(settings)
            found = find_all(loaded, settings)
    finally:
        gc.enable()
    for item in found:
        _check(item, loaded.sources)
    return found


def _check(found: Diagnostic, sources: dict[str, str]) -> None:
    """That a finding has a code, words, and a place in the file."""
    span = found.span
    assert found.code in codes()
    assert found.message
    assert (span.line, span.column) >= (1, 1)
    assert (span.end_line, span.end_column) >= (span.line, span.column)
    assert span.end_line <= sources.get(span.file, "").count("\n") + 1, found
