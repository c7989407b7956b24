"""The nearest known names."""

from __future__ import annotations

import time

import pytest

from flowstone.diagnostics.suggest import did_you_mean


def test_near_names_are_suggested_the_nearest_first():
    assert did_you_mean("order", ["orders", "border", "report"]) == "did you mean 'orders' or 'border'?"
    assert did_you_mean("order", ["report", "x"]) is None
    assert did_you_mean("order", []) is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("customer_order_17", "customer_orders_17"),
        ("custmer_orders_1234", "customer_orders_1234"),
        ("customers_orders_999", "customer_orders_999"),
        ("raw_flihgts", "raw_flights"),
        ("aw_flights", "raw_flights"),
        ("airprots", "airports"),
    ],
)
def test_the_nearest_is_found_among_thousands(name, nearest):
    known = [f"customer_orders_{number}" for number in range(5000)] + ["raw_flights", "airports"]

    hint = did_you_mean(name, known)

    assert repr(nearest) in (hint or "")


def test_thousands_of_typos_among_thousands_of_names_take_a_moment():
    known = [f"customer_orders_{number}" for number in range(3000)]
    start = time.process_time()

    for number in range(1000):
        did_you_mean(f"customer_order_{number}", known)

    assert time.process_time() - start < 10  # 1.5 on a quiet machine; minutes if all were compared


def test_a_name_that_cannot_be_meant_is_left_out():
    assert did_you_mean("order", ["orders", "orderz"], but="orders") == "did you mean 'orderz'?"
