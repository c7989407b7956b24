"""The assets as plain functions, and together in memory."""

from pathlib import Path

from hello import orders, revenue

from flowstone.testing.project import InMemoryProject


def test_revenue_adds_up_the_orders() -> None:
    assert revenue(orders()) == {"1": 1700, "2": 300}


def test_the_discount_is_a_plain_argument() -> None:
    assert revenue(orders(), discount=0.5) == {"1": 850, "2": 150}


def test_revenue_is_made_of_the_orders() -> None:
    project = InMemoryProject.open(Path(__file__).parent)
    ran = project.run("+revenue")
    assert ran.statuses == {("orders", None): "materialized", ("revenue", None): "materialized"}
    assert project.value("revenue") == {"1": 1700, "2": 300}
    assert project.having(params={"revenue.discount": 0.5}).make("revenue", {"orders": orders()}) == {
        "1": 850,
        "2": 150,
    }
