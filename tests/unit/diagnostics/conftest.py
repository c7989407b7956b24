"""Findings to render."""

from __future__ import annotations

import pytest

from flowstone.diagnostics.diagnostic import Diagnostic, Edit, Fix, Related, Severity, Span

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
        Fix("Annotate the parameter as str", (Edit(Span("pipelines/a.py", 4, 20, 4, 23), "str"),), safe=False),
    )


@pytest.fixture
def sources() -> dict[str, str]:
    return {"pipelines/a.py": SOURCE}
