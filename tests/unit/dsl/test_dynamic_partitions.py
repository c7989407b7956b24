"""Partitions whose keys are in a registry."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.dsl.context import Context
from flowstone.dsl.dynamic_partitions import DynamicPartitions, dynamic_key, written_key
from flowstone.dsl.mappings import AllPartitions, IncompatiblePartitionsError, Last, Offset, Only, arity, select_keys
from flowstone.dsl.partitions import DailyPartitions, MultiPartitions, PartitionKeyError, StaticPartitions, with_keys

CUSTOMERS = DynamicPartitions("customers")
DAYS = DailyPartitions("2024-01-01", end="2024-01-03")
KNOWN = CUSTOMERS.with_keys(map(written_key, ["acme", "globex corp"]))


@pytest.mark.parametrize("name", ["", "Customers", "1st", "a b", "a-b", "größen", "a" * 61, 7])
def test_names_that_cannot_be(name):
    with pytest.raises(ValueError, match="the name of a registry"):
        DynamicPartitions(name)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15))
def test_a_key_round_trips(text):
    key = written_key(text)
    assert key.key == text
    assert dynamic_key(key.text) == key


@pytest.mark.parametrize(("text", "why"), [("", "empty"), ("\ud800", "half of a character"), ("ü" * 40, "too long")])
def test_texts_that_cannot_be_a_key(text, why):
    with pytest.raises(PartitionKeyError, match=why):
        CUSTOMERS.parse(text)


def test_only_known_keys_are_keys_once_they_are_known():
    assert CUSTOMERS.parse("anybody").text == "anybody"
    assert KNOWN.parse("globex corp") == KNOWN.parse("globex~20corp")
    with pytest.raises(
        PartitionKeyError, match="no key 'anybody'; to add it: flowstone partitions add customers anybody"
    ):
        KNOWN.parse("anybody")
    assert [key.key for key in KNOWN.keys()] == ["acme", "globex corp"]  # noqa: SIM118 - no mapping
    with pytest.raises(RuntimeError, match="have not been read"):
        CUSTOMERS.keys()


def test_a_key_that_looks_like_the_text_of_another_is_found():
    known = CUSTOMERS.with_keys([written_key("a~20b")])
    assert known.parse("a~20b").key == known.parse("a~7E20b").key == "a~20b"
    assert CUSTOMERS.with_keys(map(written_key, ["a~20b", "a b"])).parse("a~20b").key == "a b"


def test_what_is_known_is_no_part_of_the_definition():
    assert KNOWN == CUSTOMERS
    assert hash(KNOWN) == hash(CUSTOMERS)
    assert KNOWN.unread.known is None
    assert CUSTOMERS.unread is CUSTOMERS
    assert pickle.loads(pickle.dumps(KNOWN)).known == KNOWN.known


def test_the_same_registry_is_read_by_the_same_key():
    key = written_key("acme")
    assert select_keys(KNOWN, CUSTOMERS, None, key).keys == (key,)
    assert arity(KNOWN, CUSTOMERS, None) == "one"


@pytest.mark.parametrize(
    ("consumer", "producer", "mapping", "why"),
    [
        (CUSTOMERS, DynamicPartitions("clients"), None, "two registries"),
        (CUSTOMERS, StaticPartitions("acme"), None, "dynamic and static partitions have no keys in common"),
        (CUSTOMERS, CUSTOMERS, Offset(-1), "Offset counts periods, and dynamic keys have none"),
        (CUSTOMERS, DAYS, Last(days=2), "Last counts periods, and dynamic keys have none"),
        (CUSTOMERS, CUSTOMERS, Only(""), "a key cannot be empty"),
    ],
)
def test_what_cannot_be_read(consumer, producer, mapping, why):
    with pytest.raises(IncompatiblePartitionsError, match=why):
        arity(consumer, producer, mapping)


@pytest.mark.parametrize(("consumer", "mapping"), [(None, None), (DAYS, AllPartitions())])
def test_all_keys_are_those_that_are_stored(consumer, mapping):
    key = None if consumer is None else consumer.first()
    found = select_keys(consumer, KNOWN, mapping, key)
    assert found.many
    assert found.stored


def test_a_fixed_key_is_read_whether_the_registry_has_it_or_not():
    found = select_keys(None, KNOWN, Only("initech"), None)
    assert [key.text for key in found.keys if key] == ["initech"]


def test_a_registry_is_a_dimension():
    both = MultiPartitions(day=DAYS, customer=CUSTOMERS)
    assert both.registries == ("customers",)
    assert both.example == "KEY.2024-01-01"
    known = with_keys(both, {"customers": list(KNOWN.keys())})
    assert known == both
    assert [key.text for key in known.keys()] == [  # noqa: SIM118 - no mapping
        "acme.2024-01-01",
        "acme.2024-01-02",
        "globex~20corp.2024-01-01",
        "globex~20corp.2024-01-02",
    ]
    with pytest.raises(PartitionKeyError, match="customer: the registry 'customers' has no key 'x'"):
        known.parse("x.2024-01-01")
    assert both.unread.parse("x.2024-01-01").dimensions["customer"].key == "x"


def test_a_combination_that_is_too_long_is_no_key():
    both = MultiPartitions(day=DAYS, customer=CUSTOMERS)
    longest = "x" * both.room
    assert len(both.parse(f"{longest}.2024-01-01").text) <= 200
    with pytest.raises(PartitionKeyError, match="too long"):
        both.parse(f"{'x' * 195}.2024-01-01")
    three = MultiPartitions(day=DAYS, customer=CUSTOMERS, kind=StaticPartitions("a", "bcd"), to=DynamicPartitions("to"))
    assert three.room == (200 - len("2013-01-31T0530-0500") - len("bcd") - 3) // 2


def test_the_context_collects_what_is_added():
    ctx = Context(asset="signed")
    ctx.add_partitions("customers", ["acme", "globex corp"])
    ctx.add_partitions(CUSTOMERS, iter(["acme", "initech"]))
    assert ctx.added_partitions == {"customers": ["acme", "globex corp", "initech"]}


@pytest.mark.parametrize(
    ("registry", "keys", "why"),
    [
        ("customers", "acme", "a list of keys"),
        ("customers", [7], "must be a text"),
        ("customers", [""], "cannot be empty"),
        ("No Registry", ["acme"], "cannot be the name of a registry"),
    ],
)
def test_the_context_refuses_what_cannot_be_added(registry, keys, why):
    ctx = Context(asset="signed")
    with pytest.raises(ValueError, match=why):
        ctx.add_partitions(registry, keys)
    assert ctx.added_partitions == {}
