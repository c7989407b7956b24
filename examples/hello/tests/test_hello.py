"""The assets as plain functions."""

from hello import orders, revenue


def test_revenue_adds_up_the_orders() -> None:
    assert revenue(orders()) == {"1": 1700, "2": 300}


def test_the_discount_is_a_plain_argument() -> None:
    assert revenue(orders(), discount=0.5) == {"1": 850, "2": 150}
