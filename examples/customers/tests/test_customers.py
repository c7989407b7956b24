"""The assets as plain functions."""

from customers import customers, days, mode, opened, report

from flowstone import Context, Failure


def test_mondays_are_loaded_whole() -> None:
    assert mode(Context(partition=days.parse("2024-01-01"))) == "whole"
    assert mode(Context(partition=days.parse("2024-01-02"))) is None


def test_customers_take_what_was_loaded() -> None:
    assert customers(None, {"c4": "Barbara"}, None) == {"c4": "Barbara"}


def test_the_report_tells_what_is_missing() -> None:
    assert report({"c4": "Barbara"}, Failure("greetings")) == "1; greetings was not made"


def test_each_account_becomes_a_partition() -> None:
    ctx = Context()
    assert opened(ctx) == ["ada", "grace hopper"]
    assert ctx.added_partitions == {"accounts": ["ada", "grace hopper"]}
