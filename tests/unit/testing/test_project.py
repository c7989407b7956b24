import pytest

from flowstone.errors import (
    CheckFailedError,
    NotMaterializedError,
    ResourceError,
    SelectionError,
    UsageError,
)
from flowstone.testing.project import InMemoryProject

SHOP = """
@resource
def site() -> str:
    return "http://shop"

@resource
def archive(site: str, retries: int = 3):
    raise OSError("no network in tests")
    yield

@asset
def orders(archive) -> list[int]:
    return archive.orders()

@asset
def broken() -> int:
    raise LookupError("no such order")

@asset
def report(orders: list[int], unit: str = "EUR") -> str:
    return f"{sum(orders)} {unit}"

@check(asset="report", blocking=True)
def is_positive(report: str) -> bool:
    return not report.startswith("-")
"""
DAYS = """
days = DailyPartitions(start="2024-01-01", end="2024-01-04")

@asset(partitioned_by=days)
def raw(ctx: Context) -> int:
    return ctx.partition.date.day

@asset(partitioned_by=days, depends_on=[Dep("raw", as_="last", partitions=Last(days=2))])
def trend(last: dict[str, int]) -> int:
    return sum(last.values())

@asset
def total(trend: dict[str, int]) -> int:
    return sum(trend.values())
"""


class Archive:
    def orders(self):
        return [1, 2, 3]


@pytest.fixture
def shop(make_project):
    made = make_project(SHOP, params={"report": {"unit": "USD"}})
    return InMemoryProject(made.project, made.root)


@pytest.fixture
def days(make_project):
    made = make_project(DAYS)
    return InMemoryProject(made.project, made.root)


def test_one_asset_is_made_of_given_inputs(shop):
    assert shop.make("report", {"orders": [4, 5]}) == "9 USD"
    assert shop.having(params={"report.unit": "GBP"}).make("report", {"orders": [4, 5]}) == "9 GBP"


def test_the_checks_of_an_asset_judge_what_it_makes(shop):
    with pytest.raises(CheckFailedError, match="is_positive"):
        shop.make("report", {"orders": [-4]})
    assert shop.record("report") is None


def test_resources_are_replaced_without_what_they_need(shop):
    faked = shop.having(resources={"archive": Archive()})
    ran = faked.run("orders+")
    assert ran.statuses == {("orders", None): "materialized", ("report", None): "materialized"}
    assert faked.value("report") == "6 USD"
    assert ran.records["report", None] == faked.record("report")
    assert [item.asset for item in faked.record("report").inputs] == ["orders"]


def test_what_a_function_raises_comes_out_as_it_is(shop):
    with pytest.raises(LookupError, match="no such order"):
        shop.run("broken")
    with pytest.raises(ResourceError, match="archive could not be opened: OSError: no network in tests"):
        shop.run("orders")


def test_plans_say_what_would_run_and_why(shop):
    faked = shop.having(resources={"archive": Archive()})
    assert faked.plan("orders+").actions == {("orders", None): "run", ("report", None): "run"}
    assert faked.plan("report").actions == {("report", None): "blocked"}
    faked.run("orders+")
    assert faked.plan("orders+").actions == {("orders", None): "reuse", ("report", None): "reuse"}
    assert faked.plan("report", force=True).reasons == {("report", None): ("forced",)}
    faked.put("orders", [7])
    assert faked.plan("report").reasons == {("report", None): ("input changed: orders",)}
    assert faked.run("report").statuses == {("report", None): "materialized"}
    assert faked.value("report") == "7 USD"


def test_what_was_put_is_replaced_by_a_run_of_its_asset(shop):
    faked = shop.having(resources={"archive": Archive()})
    faked.put("orders", [100])
    faked.run("orders")
    assert faked.value("orders") == [1, 2, 3]


def test_each_project_has_a_memory_of_its_own(shop):
    shop.put("orders", [1])
    assert shop.having().record("orders") is None
    assert shop.record("orders") is not None


def test_partitions_are_made_by_key_and_by_range(days):
    ran = days.run("raw+", "2024-01-01..2024-01-03")
    assert len(ran.outcomes) == 7
    assert days.value("trend", "2024-01-03") == 5
    assert days.value("total") == 1 + 3 + 5
    assert days.run("raw", ["2024-01-01", "2024-01-02"]).statuses == {
        ("raw", "2024-01-01"): "reused",
        ("raw", "2024-01-02"): "reused",
    }


def test_an_input_of_many_partitions_is_given_by_partition(days):
    inputs = {"raw": {"2024-01-02": 20, "2024-01-03": 30}}
    assert days.make("trend", inputs, "2024-01-03") == 50
    assert days.value("raw", "2024-01-02") == 20
    with pytest.raises(UsageError, match="trend reads many partitions of raw: give a mapping by partition"):
        days.make("trend", {"raw": 20}, "2024-01-03")


def test_several_are_selected_as_on_the_command_line(days):
    assert set(days.plan(["raw", "total"], "2024-01-01").actions) == {("raw", "2024-01-01"), ("total", None)}


def test_an_input_that_is_not_there_is_named(days):
    with pytest.raises(NotMaterializedError, match="raw, partition 2024-01-02, is not materialized"):
        days.run("trend", "2024-01-03")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda project: project.put("ordres", 1), "there is no asset 'ordres'"),
        (lambda project: project.put("orders", 1, "2024-01-01"), "orders is not partitioned"),
        (lambda project: project.value("orders"), "nothing is stored of orders"),
        (lambda project: project.make("report", {"order": 1}), "there is no input 'order'"),
        (lambda project: project.having(resources={"archives": 1}), "there is no resource 'archives'"),
        (lambda project: project.having(params={"raport.unit": 1}), "there is no owner of a config parameter 'raport'"),
    ],
)
def test_names_that_there_are_not_are_told(shop, ask, message):
    with pytest.raises(UsageError, match=message):
        ask(shop)


def test_a_partition_that_there_is_not_is_told(days):
    with pytest.raises(UsageError, match=r"raw: .*2024-02-01"):
        days.put("raw", 1, "2024-02-01")
    with pytest.raises(UsageError, match="say which one"):
        days.value("raw")


def test_a_parameter_that_an_asset_does_not_have_is_told(shop):
    with pytest.raises(UsageError, match="there is no config parameter of report 'units'"):
        shop.having(params={"report.units": "GBP"})


def test_a_selection_that_matches_nothing_is_told(shop):
    with pytest.raises(SelectionError, match="tag:core"):
        shop.run("tag:core")


def test_a_project_with_mistakes_is_not_opened(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.flowstone]\nsources = ["shop.py"]\n')
    (tmp_path / "shop.py").write_text("from flowstone import asset\n@asset\ndef report(ordres) -> str: ...\n")
    with pytest.raises(UsageError, match=r"(?s)shop\.py:3:12.*ordres"):
        InMemoryProject.open(tmp_path)


CUSTOMERS = """
customers = DynamicPartitions("customers")

@asset
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions("customers", ["globex corp"])
    return ["globex corp"]

@asset(partitioned_by=customers)
def orders(ctx: Context) -> str:
    return ctx.partition.key.title()

@asset
def report(orders: dict[str, str]) -> dict[str, str]:
    return orders
"""


def test_registries_start_empty_and_are_filled(make_project):
    made = make_project(CUSTOMERS)
    shop = InMemoryProject(made.project, made.root)
    assert shop.partitions("customers") == []
    shop.add_partitions("customers", ["acme"])
    shop.run("signed")
    assert shop.partitions("customers") == ["acme", "globex corp"]
    shop.run("+report")
    assert shop.value("report") == {"acme": "Acme", "globex corp": "Globex Corp"}
    assert shop.having().make("report", {"orders": {"x": "X", "y": "Y"}}) == {"x": "X", "y": "Y"}
    with pytest.raises(UsageError, match="only by case"):
        shop.add_partitions("customers", ["ACME"])


GATE = """
@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review")

@review.on_signal
def reviewed(payload: int) -> int:
    return payload + 1

@asset
def letter(review: int) -> str:
    return f"{review}"
"""


def test_signals_are_sent_to_what_waits(make_project):
    made = make_project(GATE)
    project = InMemoryProject(made.project, made.root)
    assert project.run("review").statuses == {("review", None): "waiting"}
    project.signal("review", 4)
    assert project.run().statuses == {("review", None): "materialized", ("letter", None): "materialized"}
    assert project.value("letter") == "5"
    other = project.having()
    other.signal("review", 1)
    assert other.run().statuses["review", None] == "materialized"
    with pytest.raises(UsageError, match="nothing waits for 'review' any more"):
        other.signal("review", 2)
    assert not (made.root / ".flowstone").exists()
