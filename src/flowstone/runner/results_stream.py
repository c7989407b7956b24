"""The standard output for results alone: what else is written there while a run goes on is sent to standard error.

A function that runs in this process shares its descriptors: so do the programs that it starts, and code in C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def results_alone(stream: TextIO) -> Iterator[TextIO]:
    """A stream to where ``stream`` leads; within, its descriptor leads to standard error."""
    try:
        number, errors = stream.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # no file: nobody else can write there
        yield stream
        return
    stream.flush()
    with os.fdopen(os.dup(number), "w", encoding=stream.encoding, errors=stream.errors) as results:
        os.dup2(errors, number)
        try:
            yield results
        finally:
            stream.flush()
            os.dup2(results.fileno(), number)
