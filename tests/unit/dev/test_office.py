"""What the processes of runs are told."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowstone.cli.wanted import with_values
from flowstone.config.model import RunSettings
from flowstone.dev import office
from flowstone.dev.office import Means, Office
from flowstone.dev.starts import Offer, Start
from flowstone.dev.told import Teller

SHOP = """
@asset
def orders(
    file: str = "", count: int = 1, either: str | int = 1, names: list[str] = [], some: str | None = None, free=None
) -> int:
    return 1

load = Job("load", select="orders")
"""


@pytest.mark.parametrize(
    "values",
    [
        {"file": "a.csv", "count": 2, "either": "7", "names": ["x"], "some": "null", "free": "yes"},
        {"file": '"quoted"', "either": 7, "names": [], "some": None, "free": {"a": [1]}},
        {"file": "5\n=", "free": "5"},
    ],
)
def test_a_resumed_run_has_the_values_of_the_request(make_project, monkeypatch, values):
    orders = []
    monkeypatch.setattr(office, "Child", lambda module, arguments, order, *_, **__: orders.append(order))
    project = make_project(SHOP).project
    means = Means(Path(), Path(), RunSettings(), {}, lambda _: Path("manifest"), False)
    hands = Office(means, Teller(io.StringIO(), lambda: datetime.now(UTC), as_json=False))
    hands.take(project)
    hands.run(Start(1, Offer("sensor look", "a", "load", (), {"orders": values}), "run-1", "started"))
    assert with_values(project, orders[0]["assignments"]).params["orders"] == values
