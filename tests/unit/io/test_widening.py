"""Which columns can be read as one, and that nothing is lost by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.errors import UnsupportedTypeError
from flowstone.io.widening import agreed, difference, fitted, shown, widened

pa = pytest.importorskip("pyarrow")

WIDER = [
    (pa.null(), pa.int8(), pa.int8()),
    (pa.int8(), pa.int64(), pa.int64()),
    (pa.int32(), pa.uint32(), pa.int64()),
    (pa.int64(), pa.float64(), pa.float64()),
    (pa.float32(), pa.float64(), pa.float64()),
    (pa.string(), pa.large_string(), pa.large_string()),
    (pa.string_view(), pa.string(), pa.large_string()),
    (pa.dictionary(pa.int8(), pa.string()), pa.string(), pa.string()),
    (pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.string()), pa.string()),
    (pa.decimal128(5, 2), pa.decimal128(10, 4), pa.decimal128(10, 4)),
    (pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("us")),
    (pa.time32("s"), pa.time64("us"), pa.time64("us")),
    (pa.list_(pa.int32()), pa.large_list(pa.null()), pa.large_list(pa.int32())),
    (pa.list_(pa.int8(), 2), pa.list_(pa.int16()), pa.list_(pa.int16())),
    (
        pa.struct([("a", pa.int8())]),
        pa.struct([("b", pa.string()), ("a", pa.int16())]),
        pa.struct([("a", pa.int16()), ("b", pa.string())]),
    ),
]
APART = [
    (pa.int64(), pa.string()),
    (pa.string(), pa.binary()),
    (pa.bool_(), pa.int8()),
    (pa.decimal128(5, 2), pa.float64()),
    (pa.int8(), pa.decimal128(5, 2)),
    (pa.timestamp("us"), pa.timestamp("us", "UTC")),
    (pa.date32(), pa.timestamp("us")),
    (pa.list_(pa.int8()), pa.list_(pa.string())),
    (pa.struct([("a", pa.int8())]), pa.struct([("a", pa.string())])),
    (pa.list_(pa.int8()), pa.int8()),
    (pa.struct([("a", pa.int8())]), pa.int8()),
]


@pytest.mark.parametrize(("one", "other", "both"), WIDER, ids=str)
def test_the_narrowest_type_that_holds_both(one, other, both):
    assert widened(one, other) == both
    assert widened(other, one).equals(both) or pa.types.is_struct(both)
    for kind in (one, other):
        assert pa.nulls(2, kind).cast(both).null_count == 2


@pytest.mark.parametrize(("one", "other"), APART, ids=str)
def test_types_of_other_sorts_stay_apart(one, other):
    assert widened(one, other) is None
    assert widened(other, one) is None


def test_what_fails_and_what_is_appended():
    held = pa.schema([("a", pa.int64()), ("t", pa.large_string())])
    turned = pa.schema([("t", pa.dictionary(pa.int8(), pa.string())), ("a", pa.null())])
    assert agreed(held, turned, "fail").names == ["a", "t"]
    assert agreed(held, turned, "fail").field("a").type == pa.int64()
    for other in ([("a", pa.int64())], [*turned, ("b", pa.int8())], [("a", pa.float64()), ("t", pa.string())]):
        assert agreed(held, pa.schema(other), "fail") is None
        assert set(agreed(held, pa.schema(other), "append").names) >= {"a", "t"}
    assert agreed(held, pa.schema([("a", pa.string())]), "append") is None


def test_a_table_gets_the_columns_of_others():
    schema = pa.schema([("b", pa.string()), ("a", pa.float64())])
    table = pa.table({"a": [1, 2]}).replace_schema_metadata({"k": "v"})
    found = fitted(table, schema)
    assert found.to_pydict() == {"b": [None, None], "a": [1.0, 2.0]}
    assert found.schema.metadata == {b"k": b"v"}
    assert fitted(table.to_batches()[0], schema).to_pydict() == found.to_pydict()


def test_a_number_that_is_no_float_is_not_made_one():
    schema = pa.schema([("a", pa.float64())])
    with pytest.raises(UnsupportedTypeError, match="column 'a' of type int64 cannot be read as double"):
        fitted(pa.table({"a": [2**53 + 1]}), schema)


def test_differences_are_told_in_words():
    assert difference({"a": "int64", "b": "string"}, {"a": "string", "c": "bool"}) == (
        "'a' is string and was int64; 'b' is gone; 'c' is new"
    )
    assert shown({str(number): "int8" for number in range(14)}).endswith("11: int8, and 2 more)")


KINDS = st.sampled_from([kind for row in WIDER for kind in row] + [kind for row in APART for kind in row])


@given(KINDS, KINDS, KINDS)
def test_the_order_in_which_partitions_come_does_not_matter(one, other, third):
    def plain(kind):
        return None if kind is None else sorted(str(kind))

    assert plain(widened(one, other)) == plain(widened(other, one))
    both = widened(one, other)
    if both is not None:
        assert widened(both, one) == both
