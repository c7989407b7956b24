"""What the scheduler tells, wherever it is written."""

import io
from datetime import UTC, datetime

import pytest

from flowstone.dev.told import Teller


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "asks by 'dü'\\x1b[31m"), ("ascii", "asks by 'd\\xfc'\\x1b[31m")],
)
def test_what_a_terminal_cannot_show_is_told_otherwise(encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    Teller(stream, lambda: datetime.now(UTC), as_json=False)("asks", "asks by 'dü'\x1b[31m")
    assert stream.buffer.getvalue().decode(encoding).split("  ", 1)[1] == f"{shown}\n"


def test_the_lines_of_a_text_stand_below_each_other():
    stream = io.StringIO()
    Teller(stream, lambda: datetime(2026, 1, 1, tzinfo=UTC), as_json=False)("sensor failed", "look: one\ntwo")
    first, second = stream.getvalue().splitlines()
    assert first.index("look") == second.index("two")
