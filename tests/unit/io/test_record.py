"""The JSON of records: what was written is read back, and nothing else is taken for a record."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.io.record import CheckOutcome, InputVersion, Record

WRITTEN = """{"record_version":1,"asset":"a","partition":null,"data_version":"sha256:1","code_version":"sha256:2",
"config_version":"sha256:3","inputs":[{"asset":"b","partition":"2024-01-01","data_version":"sha256:4"}],"run_id":"r",
"engine":"local","started_at":"2024-01-01T00:00:00Z","finished_at":"2024-01-01T00:00:01.000002Z","size":3,
"metadata":{"content":{"rows":1}},"checks":[{"name":"c","passed":true,"blocking":false,"metadata":{}}],
"flowstone":"0.1.0"}"""
"""As it lies in stores, but for the line breaks."""

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=5,
)
times = st.datetimes(timezones=st.just(datetime.UTC))
records = st.builds(
    Record,
    asset=texts,
    partition=st.none() | texts,
    data_version=texts,
    code_version=texts,
    config_version=texts,
    inputs=st.lists(
        st.builds(InputVersion, asset=texts, partition=st.none() | texts, data_version=texts), max_size=3
    ).map(tuple),
    run_id=texts,
    engine=texts,
    started_at=times,
    finished_at=times,
    size=st.integers(),
    metadata=st.dictionaries(texts, values, max_size=3),
    checks=st.lists(st.builds(CheckOutcome, name=texts, passed=st.booleans(), blocking=st.booleans()), max_size=2).map(
        tuple
    ),
    flowstone=texts,
)


@given(records)
def test_a_record_comes_back_from_its_json(record):
    text = record.to_json()
    assert Record.from_json(text) == Record.from_json(text.decode()) == record
    assert Record.from_builtins(json.loads(text)) == record
    assert b"\n" not in text


def test_the_form_in_which_records_lie_in_stores():
    record = Record.from_json(WRITTEN)
    assert record.inputs == (InputVersion(asset="b", partition="2024-01-01", data_version="sha256:4"),)
    assert record.finished_at == datetime.datetime(2024, 1, 1, 0, 0, 1, 2, datetime.UTC)
    assert record.to_json().decode() == WRITTEN.replace("\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        WRITTEN[:-1],
        WRITTEN.replace('"size":3', '"size":"3"'),
        WRITTEN.replace('"size":3', '"size":null'),
        WRITTEN.replace('"size":3', '"size":3,"new":1'),
        WRITTEN.replace('"rows":1', '"rows":NaN'),
        WRITTEN.replace('"rows":1', '"rows":' + "[" * 100_000 + "]" * 100_000),
        b"\xff\xfe",
        WRITTEN.encode().replace(b'"run_id":"r"', b'"run_id":"\xff"'),
    ],
    ids=["empty", "none", "list", "cut", "text", "null", "unknown", "nan", "deep", "no text", "half a character"],
)
def test_what_is_not_a_record_is_refused(text):
    with pytest.raises(ValueError, match=r".") as caught:
        Record.from_json(text)
    assert "\n" not in str(caught.value)
