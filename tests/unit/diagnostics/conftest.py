"""Findings to render."""

from __future__ import annotations

import pytest

from flowstone.diagnostics.diagnostic import Diagnostic, Edit, Related, Severity, Span

SOURCE = """\
@asset
def orders() -> str: ...
@asset
def report(orders: int) -> int: ...
"""


@pytest.fixture
def finding() -> Diagnostic:
    """One with all that a finding can have."""
    return Diagnostic(
        "FS301",
        Severity.ERROR,
        "'report' takes 'orders' as int, but it is str",
        Span("pipelines/a.py", 4, 12, 4, 18),
        "annotate the parameter as str",
        (Related(Span("pipelines/a.py", 2, 5, 2, 11), "'orders' returns str"),),
        (Edit(Span("pipelines/a.py", 4, 20, 4, 23), "str"),),
    )


@pytest.fixture
def sources() -> dict[str, str]:
    return {"pipelines/a.py": SOURCE}
