from flowstone import asset


@asset
def orders() -> list[dict[str, int]]:
    """Orders of the day."""
    return [{"customer": 1, "cents": 1250}, {"customer": 2, "cents": 300}, {"customer": 1, "cents": 450}]


@asset
def revenue(orders: list[dict[str, int]], discount: float = 0.0) -> dict[str, int]:
    """Revenue by customer, in cents."""
    totals: dict[str, int] = {}
    for order in orders:
        customer = str(order["customer"])
        totals[customer] = totals.get(customer, 0) + round(order["cents"] * (1 - discount))
    return totals
