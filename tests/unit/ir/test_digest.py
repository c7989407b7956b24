"""Digests are of one canonical form, which stays the same from version to version."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.ir import digest as module
from flowstone.ir.digest import digest

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_the_form_is_compact_json_with_sorted_keys(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest(value) == "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@pytest.mark.parametrize("make", [None, lambda markers: None])
def test_another_python_makes_the_same(monkeypatch, make):
    value = {"b": ["ü", 1.5, None], "a": (True, "\ud800")}
    before = digest(value)
    with monkeypatch.context() as other:
        other.setattr(json.encoder, "c_make_encoder", make)
        encode = module._encoder()
    monkeypatch.setattr(module, "_encode", encode)
    assert digest(value) == before
    assert encode.__name__ == "encode"


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        digest({"a": object()})
