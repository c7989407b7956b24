"""Registries lie in stores, and what functions add is added with their values."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from flowstone.dsl.dynamic_partitions import written_key
from flowstone.dsl.partitions import PartitionKeyError
from flowstone.errors import CheckFailedError, ConfigurationError, OutputError
from flowstone.runtime.registry import Registry, know_registries
from flowstone.runtime.run import Run

RUN = Run("run", "local")
HOSTILE = [
    "..",
    "/etc/passwd",
    "a/b\\c",
    "CON",
    "'; DROP TABLE x; --",
    "%2e%2e",
    "Größe L",
    "\n",
    ".",
    "a~20b",
    "x" * 190,
]
SHOP = """
customers = DynamicPartitions("customers")

@asset
def signed(ctx: Context, names: list[str] = ["acme"]) -> list[str]:
    ctx.add_partitions(customers, names)
    return names

@asset(partitioned_by=customers)
def orders(ctx: Context) -> str:
    return ctx.partition.key

@asset
def report(orders: dict[str, str]) -> list[str]:
    return list(orders)
"""


def _keys(made, workspace=None):
    return [key.key for key in Registry(workspace or made.workspace, "customers").keys()]  # noqa: SIM118 - no mapping


@pytest.mark.parametrize("manager", ["filesystem", "duckdb", "memory"])
def test_keys_are_added_and_removed(make_project, manager):
    made = make_project(SHOP, manager=manager)
    workspace = made.workspace
    registry = Registry(workspace, "customers")
    assert registry.keys() == ()
    keys = [written_key(key) for key in HOSTILE]
    assert registry.add(keys, RUN) == keys
    assert sorted(_keys(made, workspace)) == sorted(HOSTILE)
    assert registry.add(keys, RUN) == []
    assert registry.remove(keys[:2]) == keys[:2]
    assert registry.remove(keys[:2]) == []
    assert sorted(_keys(made, workspace)) == sorted(HOSTILE[2:])


def test_keys_lie_where_the_configuration_says(make_project):
    made = make_project(SHOP)
    Registry(made.workspace, "customers").add([written_key("a/b")], RUN)
    path = made.root / ".flowstone/data/local/flowstone_keys.customers/a~2Fb.json"
    assert path.read_text() == '{"key":"a/b"}\n'


def test_many_add_at_once(make_project):
    made = make_project(SHOP)
    batches = [[written_key(f"k{number}") for number in range(start, start + 10)] for start in range(0, 30, 5)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda batch: Registry(made.workspace, "customers").add(batch, RUN), batches))
    assert sorted(_keys(made)) == sorted(f"k{number}" for number in range(35))


def test_keys_that_differ_by_case_alone_are_refused(make_project):
    made = make_project(SHOP)
    registry = Registry(made.workspace, "customers")
    registry.add([written_key("acme")], RUN)
    for keys in (["ACME"], ["new", "NEW"]):
        with pytest.raises(PartitionKeyError, match="only by case"):
            registry.add(map(written_key, keys), RUN)
    assert _keys(made) == ["acme"]


def test_of_two_that_add_twins_at_once_both_do_not_stay(make_project, monkeypatch):
    made = make_project(SHOP)
    registry, other = Registry(made.workspace, "customers"), Registry(made.workspace, "customers")
    publish = registry._publish

    def late(key, run):
        other._publish(written_key("ACME"), run)  # somebody who has not seen it either
        publish(key, run)

    monkeypatch.setattr(registry, "_publish", late)
    with pytest.raises(PartitionKeyError, match="only by case"):
        registry.add([written_key("acme")], RUN)
    assert _keys(made) == ["ACME"]


def test_a_key_that_is_too_long_for_some_combination_is_refused(make_project):
    before = make_project(SHOP)
    made = make_project(
        SHOP
        + """
@asset(partitioned_by=MultiPartitions(customer=customers, kind=StaticPartitions("k" * 100)))
def visits() -> int:
    return 1
"""
    )
    with pytest.raises(PartitionKeyError, match="too long for 'customers': 100 characters, at most 99"):
        Registry(made.workspace, "customers").add([written_key("x" * 100)], RUN)
    Registry(before.workspace, "customers").add([written_key("x" * 100)], RUN)
    with pytest.raises(ConfigurationError, match="too long for 'customers'") as caught:
        know_registries(made.workspace)
    assert caught.value.help.startswith("flowstone partitions remove customers xxx")


def test_a_registry_that_there_is_not_is_told_with_the_near_ones(make_project):
    made = make_project(SHOP)
    with pytest.raises(ConfigurationError, match="registry 'custmers'") as caught:
        Registry(made.workspace, "custmers")
    assert caught.value.help == "did you mean 'customers'?"


def test_what_a_function_adds_is_in_the_record_too(make_project):
    made = make_project(SHOP)
    (record,) = made.make("signed", config={"names": ["acme", "globex corp"]}).records
    assert record.metadata["added_partitions"] == {"customers": ["acme", "globex~20corp"]}
    assert _keys(made) == ["acme", "globex corp"]
    Registry(made.workspace, "customers").remove([written_key("acme")])
    assert made.make("signed", config={"names": ["acme", "globex corp"]}).status == "reused"
    assert _keys(made) == ["globex corp"]


def test_nothing_is_added_where_a_check_keeps_the_value_back(make_project):
    made = make_project(
        SHOP
        + """
@check(asset="signed", blocking=True)
def few(signed: list[str]) -> bool:
    return len(signed) < 2
"""
    )
    with pytest.raises(CheckFailedError):
        made.make("signed", config={"names": ["acme", "globex"]})
    assert _keys(made) == []


def test_keys_are_there_before_the_value_is(make_project, monkeypatch):
    made = make_project(SHOP)
    workspace = made.workspace
    manager, _ = workspace.storage("signed")
    publish = manager.publish

    def dying(staged, record):
        if record.asset == "signed":
            raise KeyboardInterrupt
        publish(staged, record)

    monkeypatch.setattr(manager, "publish", dying)
    with pytest.raises(KeyboardInterrupt):
        made.make("signed", workspace=workspace)
    assert _keys(made) == ["acme"]
    assert made.value("signed") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            """
@asset
def other(ctx: Context, name: str = "nobody") -> int:
    ctx.add_partitions(name, ["x"])
    return 1
""",
            "nobody",
        ),
        (
            '@asset\ndef other(ctx: Context) -> int:\n    ctx.add_partitions("customers", ["x", "X"])\n    return 1\n',
            "case",
        ),
    ],
)
def test_what_cannot_be_added_fails_the_asset(make_project, text, why):
    made = make_project(SHOP + text)
    with pytest.raises((ConfigurationError, OutputError), match=why):
        made.make("other")
    assert made.value("other") is None


def test_scattered_functions_add_nothing(make_project):
    made = make_project(
        SHOP
        + """
@asset(scatter=Scatter(over="signed", as_="name"))
def each(ctx: Context, name: str) -> str:
    ctx.add_partitions("customers", [name])
    return name
"""
    )
    made.make("signed")
    with pytest.raises(OutputError, match="adds partitions for items"):
        made.make("each")


def test_what_waits_to_be_approved_adds_its_keys_once_it_is(make_project):
    made = make_project("""
@asset(checkpoint=Approval("These?"))
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions("customers", ["acme"])
    return ["acme"]

@asset(partitioned_by=DynamicPartitions("customers"))
def orders() -> int:
    return 1
""")
    from flowstone.runtime.decisions import decisions_of

    assert made.make("signed").status == "waiting"
    assert _keys(made) == []
    log = decisions_of(made.workspace)
    log.answer(log.last()["signed", None], "approved", "me", "")
    assert made.make("signed").status == "materialized"
    assert _keys(made) == ["acme"]


def test_what_is_gathered_is_what_the_registry_still_has(make_project):
    made = make_project(SHOP)
    registry = Registry(made.workspace, "customers")
    registry.add(map(written_key, ["acme", "globex", "initech"]), RUN)
    for key in ("acme", "globex"):
        made.make("orders", key)
    assert made.make("report").records[0].inputs[0].partition == "acme"
    assert made.value("report") == ["acme", "globex"]
    registry.remove([written_key("acme")])
    made.make("report")
    assert made.value("report") == ["globex"]
    known = made.workspace
    know_registries(known)
    registry.add([written_key("acme")], RUN)
    made.make("report", workspace=known)  # it goes on with what it knew
    assert made.value("report") == ["globex"]
