"""Renaming over the whole project, or saying why not."""

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

MAKER = '''from flowstone import Context, Job, asset, check, resource

__all__ = ["orders", "returns"]


@resource
def shop() -> str:
    return "x"


@asset(path="orders/data.json")
def orders(shop: str) -> list[int]:
    """The orders."""
    return [len(shop)]


@asset(namespace="eu", name="returns")
def make_returns(orders: list[int], *, limit: int = 3) -> int:
    orders = orders[:limit]
    text = f"🎉 {orders} {len(orders):>{limit}}"
    def inner(orders: int = len(orders)) -> int:
        return orders
    return sum(orders) + inner() + len([orders for orders in "ab"]) + (lambda: orders[0])()


@check(asset="orders")
def not_empty(orders: list[int]) -> bool:
    return bool(orders)


nightly = Job("nightly", select="+eu.returns,group:default orders")
'''
USER = """from flowstone import Dep, asset
from pipelines.a import make_returns, orders as source


@asset(depends_on=[Dep("eu.returns", as_="back"), "orders"], optional_deps=["returns"], requires=["shop"])
def total(back: int | None) -> int:
    return make_returns(orders=source("x"))
"""
TEST = """import pipelines.a
from pipelines.a import make_returns, orders


def test_orders():
    assert make_returns(orders=orders("x")) == pipelines.a.orders("y")
"""


@pytest.fixture
def files(project, client):
    root = project(
        {"pipelines/a.py": MAKER, "pipelines/b.py": USER, "tests/test_a.py": TEST, "tests/other.py": "x = 1\n"}
    )
    paths = [root / "pipelines/a.py", root / "pipelines/b.py", root / "tests/test_a.py"]
    for path in paths[:2]:
        client.open(path)
        client.wait_for(path)
    return paths


def rename(client, path, new, *near):
    params = types.RenameParams(new_name=new, **client.near(path, *near))
    return client.ask(types.TEXT_DOCUMENT_RENAME, params)


def refused(client, path, new, *near):
    with pytest.raises(JsonRpcException) as caught:
        rename(client, path, new, *near)
    assert caught.value.code == types.LSPErrorCodes.RequestFailed
    return caught.value.message


def test_an_asset_gets_another_name_everywhere(client, files, edited):
    maker, user, test = files
    edit = rename(client, user, "sales", '"orders"]', "orders")
    expected = (
        MAKER.replace("orders", "sales").replace('"sales/data', '"orders/data').replace("The sales", "The orders")
    )
    expected = expected.replace("inner(sales: int", "inner(orders: int").replace(
        "return sales\n    return sum", "return orders\n    return sum"
    )
    expected = expected.replace("[sales for sales", "[orders for orders")
    assert edited(maker, edit) == expected
    assert edited(user, edit) == USER.replace("orders", "sales")
    assert edited(test, edit) == TEST.replace("orders", "sales").replace("test_sales", "test_orders")
    assert len(edit.changes) == 3


def test_a_name_with_a_namespace_keeps_it(client, files, edited):
    maker, user, _ = files
    edit = rename(client, user, "refunds", '"eu.returns"', "eu.")
    assert edited(user, edit) == USER.replace('"eu.returns"', '"eu.refunds"').replace('["returns"]', '["refunds"]')
    assert edited(maker, edit) == MAKER.replace('name="returns"', 'name="refunds"').replace(
        "+eu.returns", "+eu.refunds"
    )


def test_a_resource_and_a_job_too(client, files, edited):
    maker, user, _ = files
    edit = rename(client, maker, "store", "orders(shop", "shop")
    assert edited(maker, edit) == MAKER.replace("shop", "store")
    assert edited(user, edit) == USER.replace("shop", "store")
    edit = rename(client, maker, "hourly", '"nightly"', "nightly")
    assert edited(maker, edit) == MAKER.replace('"nightly"', '"hourly"')


def test_the_editor_is_told_what_is_renamed(client, files):
    _, user, _ = files
    params = types.PrepareRenameParams(**client.near(user, '"eu.returns"', "eu."))
    found = client.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, params)
    assert found.placeholder == "returns"
    assert found.range == types.Range(types.Position(4, 27), types.Position(4, 34))
    assert client.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, types.PrepareRenameParams(**client.at(user, 3, 0))) is None


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("total", "there is an asset 'total' already"),
        ("returns", "something else has the name 'returns' already"),
        ("shop", "something else has the name 'shop' already"),
        ("text", "has a variable 'text' already"),
        ("limit", "has a variable 'limit' already"),
        ("class", "'class' is a word of Python"),
        ("a b", "'a b' cannot be the name of an asset"),
        ("eu.sales", "'eu.sales' cannot be the name of an asset"),
        ("résumé", "'résumé' cannot be the name of an asset"),
        ("Job", "has the name 'Job' already"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(client, files, new, reason):
    assert reason in refused(client, files[0], new, "def orders", "orders")


@pytest.mark.parametrize(
    ("near", "reason"),
    [
        (["back: int"], "this is another name for 'eu.returns'"),
        (["make_returns(orders"], "the name of 'eu.returns' is not that of its function"),
    ],
)
def test_a_place_that_has_another_name_is_refused(client, files, near, reason):
    path = files[1] if near[0].startswith("back") else files[0]
    assert reason in refused(client, path, "new", *near)
    with pytest.raises(JsonRpcException, match=reason):
        client.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, types.PrepareRenameParams(**client.near(path, *near)))


HEAD = "from flowstone import Dep, Output, asset\n\n\n"
FIRST = "@asset\ndef first() -> int:\n    return 1\n\n\n"
LOOP = 'for name in ("first", "second"):\n    @asset(name=name)\n    def make() -> int:\n        return 1\n\n\n'
USES = "@asset\ndef last(first: int) -> int:\n    return first\n"


@pytest.mark.parametrize(
    ("text", "near", "reason"),
    [
        (LOOP + USES, ["last(first", "first"], "the name of 'first' is computed at"),
        (
            'NAME = "fir" + "st"\n\n\n@asset(name=NAME)\ndef make() -> int:\n    return 1\n\n\n' + USES,
            ["last(first", "first"],
            "the name of 'first' is computed at",
        ),
        (
            FIRST + 'UP = "first"\n\n\n@asset(depends_on=[UP])\ndef last() -> int:\n    return 1\n',
            ["def first", "first"],
            "the name comes out of an expression at pipelines/a.py:12",
        ),
        (
            '@asset(outputs={"first": Output(), "other": Output()})\ndef make() -> dict[str, int]:\n'
            '    return {"first": 1, "other": 2}\n\n\n' + USES,
            ["last(first", "first"],
            "'first' is one of several outputs",
        ),
        (
            FIRST + "@asset\ndef last(first: int) -> int:\n    return locals()['first']\n",
            ["def first", "first"],
            "the uses of 'first' in 'last'",
        ),
        (
            FIRST
            + "@asset\ndef last(first: int) -> int:\n    def inner() -> None:\n"
            + "        nonlocal first\n        first = 1\n    inner()\n    return first\n",
            ["def first", "first"],
            "the uses of 'first' in 'last'",
        ),
    ],
)
def test_what_cannot_be_seen_through_is_refused(project, client, text, near, reason):
    root = project({"pipelines/a.py": HEAD + text})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file)
    assert reason in refused(client, file, "renamed", *near)


def test_configured_values_keep_a_name(project, client):
    text = HEAD + "@asset\ndef first(limit: int = 1) -> int:\n    return limit\n"
    root = project({"pipelines/a.py": text}, config='sources = ["pipelines"]\n[params.first]\nlimit = 2\n')
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file)
    assert "(flowstone.toml:3): rename it there first" in refused(client, file, "renamed", "first")


def test_nothing_is_renamed_while_a_file_is_broken(client, files):
    maker, user, _ = files
    client.change(user, USER + "(")
    client.wait_for(user, "FS001")
    assert "some files cannot be parsed" in refused(client, maker, "sales", "def orders", "orders")


ROUTED = """from flowstone import asset, route


@route(choices=["full", "part"], default="full")
def mode(rows: int = 0) -> str | None:
    return "full" if rows > 10 else "part"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1]


@asset(routed_from="mode")
def part() -> list[int]:
    return [2]
"""


@pytest.mark.parametrize(("near", "new"), [("def full", "whole"), ('"mode")', "way")])
def test_a_route_and_what_it_chooses_are_renamed(project, client, edited, near, new):
    path = project({"pipelines/a.py": ROUTED}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    old = near.strip('")').removeprefix("def ")
    assert edited(path, rename(client, path, new, near, old)) == ROUTED.replace(old, new)


SCATTERED = """from flowstone import Scatter, asset


@asset
def order() -> list[int]:
    return [1]


@asset(scatter=Scatter(over="order", as_="order"))
def doubled(order: int) -> int:
    return order * 2
"""


def test_what_is_scattered_over_is_renamed(project, client, edited):
    path = project({"pipelines/a.py": SCATTERED}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    assert edited(path, rename(client, path, "number", "def order", "order")) == SCATTERED.replace("order", "number")


JOINED = """from flowstone import asset, join


@asset
def maps() -> list[int]:
    return [1]


@join(branches={"maps": "maps", "other": "maps"})
def edition(maps: list[int], other: list[int]) -> int:
    return len(maps)
"""


def test_what_a_join_takes_is_renamed(project, client, edited):
    path = project({"pipelines/a.py": JOINED}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    assert edited(path, rename(client, path, "charts", "def maps", "maps")) == JOINED.replace("maps", "charts")


FOLLOWING = """from flowstone import Job, OnUpdate, asset


@asset
def order() -> list[int]:
    return [1]


@asset(schedule=OnUpdate("order"))
def report(order: list[int]) -> int:
    return len(order)


@asset
def letter(report: int) -> str:
    return str(report)


send = Job("send", select="letter", schedule=OnUpdate("order", "report", when="any"))
"""


def test_an_asset_is_renamed_in_the_schedules_that_follow_it(project, client, edited):
    path = project({"pipelines/a.py": FOLLOWING}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    assert edited(path, rename(client, path, "sale", "def order", "order")) == FOLLOWING.replace("order", "sale")


GATE = """from flowstone import Signal, SignalGate, asset


@asset
def orders() -> list[int]:
    return [1]


@asset(signal_gate=SignalGate(timeout="1h"))
def review(orders: list[int]) -> Signal:
    return Signal(token=str(orders))


@review.on_signal
def reviewed(payload: int, orders: list[int]) -> int:
    return payload + len(orders)


def test_reviewed() -> None:
    assert reviewed(1, orders=[2]) == 2


@asset
def letter(review: int) -> str:
    return str(review)
"""


def test_handlers_follow_their_asset_and_what_they_read(project, client, edited):
    path = project({"pipelines/a.py": GATE}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    assert edited(path, rename(client, path, "vote", "def review", "review")) == GATE.replace(
        "def review(", "def vote("
    ).replace("@review.", "@vote.").replace("review: int", "vote: int").replace("str(review)", "str(vote)")
    assert edited(path, rename(client, path, "sales", "reviewed(payload: int, orders", "orders")) == GATE.replace(
        "orders", "sales"
    )
    assert "has a variable 'payload' already" in refused(client, path, "payload", "def orders", "orders")


SENSED = """from flowstone import Job, RunRequest, asset, sensor


@asset
def order() -> list[int]:
    return [1]


load = Job("load", select="order")


@sensor(job="load", every="30s")
def files(cursor: str | None) -> RunRequest:
    return RunRequest("a")
"""


def test_a_job_is_renamed_in_its_sensors(project, client, edited):
    path = project({"pipelines/a.py": SENSED}) / "pipelines/a.py"
    client.open(path)
    client.wait_for(path)
    assert edited(path, rename(client, path, "take", 'job="load"', "load")) == SENSED.replace('"load"', '"take"')
