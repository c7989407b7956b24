"""The functions, called as they are."""

from pathlib import Path

import pytest
from invoices import account, answered, arrivals, booking, books, numbers, unanswered

from flowstone import Context


def test_each_file_becomes_a_partition_and_a_run(tmp_path: Path) -> None:
    for name in ("2024-002.json", "2024-001.json", "notes.txt"):
        (tmp_path / name).touch()
    ctx = Context()
    assert [request.partition for request in arrivals(ctx, tmp_path)] == ["2024-001", "2024-002"]
    assert ctx.added_partitions == {"invoices": ["2024-001", "2024-002"]}


def test_the_bookkeeper_is_asked_by_the_number() -> None:
    asked = account(Context(partition=numbers.parse("2024-001")), {"sender": "A", "subject": "rent", "cents": 1})
    assert (asked.token, asked.data) == ("account 2024-001", {"from": "A", "for": "rent"})


def test_answers_are_judged_and_silence_is_an_answer() -> None:
    assert answered("rent") == "rent"
    with pytest.raises(ValueError, match="there is no account 'yacht'"):
        answered("yacht")
    assert unanswered() == "unclear"


def test_the_books_add_up_by_account() -> None:
    bookings = {number: booking({"cents": cents}, "energy") for number, cents in (("1", 100), ("2", 50))}
    assert books({**bookings, "3": ("rent", 7)}) == {"energy": 150, "rent": 7}
