import math
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone.io.json_values import NotJsonError, dumps, loads

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.timezones())
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
few = {"max_size": 4}
hashable = st.recursive(
    scalars, lambda inner: st.lists(inner, **few).map(tuple) | st.frozensets(inner, **few), max_leaves=4
)
values = st.recursive(
    hashable | st.sets(hashable, **few),
    lambda inner: st.lists(inner, **few) | st.dictionaries(st.text() | hashable | st.just("$type"), inner, **few),
    max_leaves=8,
)


SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def alike(left, right):
    """Equal with equal types throughout; ``1 == True == 1.0`` is not enough."""
    if type(left) is not type(right) or left != right:
        return False
    if isinstance(left, dict):
        return list(map(type, left)) == list(map(type, right)) and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return all(map(alike, left, right))
    return True


@SLOW
@given(values)
def test_every_value_comes_back_as_it_was(value):
    assert alike(loads(dumps(value)), value)


@SLOW
@given(values)
def test_bytes_are_stable(value):
    assert dumps(loads(dumps(value))) == dumps(value)


def test_plain_values_are_plain_json():
    assert dumps({"b": [1, 2.5, None, True], "a": "é"}) == '{"b":[1,2.5,null,true],"a":"é"}\n'.encode()


def test_floats_without_a_number_come_back():
    value = loads(dumps([math.nan, math.inf, -math.inf, -0.0]))
    assert math.isnan(value[0])
    assert value[1:3] == [math.inf, -math.inf]
    assert math.copysign(1, value[3]) == -1


def test_zone_and_fold_come_back():
    zone = ZoneInfo("Europe/Berlin")
    for fold in (0, 1):
        value = datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=fold)
        back = loads(dumps(value))
        assert (back.tzinfo, back.fold, back.utcoffset()) == (zone, fold, value.utcoffset())
    fixed = datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert loads(dumps(fixed)).utcoffset() == fixed.utcoffset()


def test_a_time_that_zones_skip_comes_back():
    skipped = datetime(2024, 3, 31, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert loads(dumps(skipped)).replace(tzinfo=None) == skipped.replace(tzinfo=None)
    with pytest.raises(NotJsonError, match="no offset"):
        dumps(time(12, tzinfo=ZoneInfo("Europe/Berlin")))


def test_keys_are_never_turned_to_texts():
    value = {1: "a", "1": "b", None: "c", date(2024, 1, 1): "d", Decimal("1.0"): "e"}
    back = loads(dumps(value))
    assert back == value
    assert [type(key) for key in back] == [type(key) for key in value]


def test_what_looks_like_a_tag_is_kept():
    for value in ({"$type": "date", "value": "2024-01-01"}, {"$type": 1}, {"$type": {"$type": []}}):
        assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [object(), OrderedDict(a=1), len, [1j], {"a": bytearray()}, [10**5000], ValueError],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_form_is_refused(value):
    with pytest.raises(NotJsonError):
        dumps(value)


def test_values_without_end_are_refused():
    value = []
    value.append(value)
    with pytest.raises(NotJsonError, match="holds itself"):
        dumps(value)


def test_unknown_tags_are_refused():
    with pytest.raises(ValueError, match="newer version"):
        loads(b'{"$type":"matrix","value":[]}')
