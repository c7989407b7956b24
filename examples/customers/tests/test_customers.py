"""The assets as plain functions."""

from customers import customers, days, mode

from flowstone import Context


def test_mondays_are_loaded_whole() -> None:
    assert mode(Context(partition=days.parse("2024-01-01"))) == "whole"
    assert mode(Context(partition=days.parse("2024-01-02"))) is None


def test_customers_take_what_was_loaded() -> None:
    assert customers(None, {"c4": "Barbara"}, None) == {"c4": "Barbara"}
