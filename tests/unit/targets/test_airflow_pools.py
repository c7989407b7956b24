"""The file of pools, and what is known of it afterwards."""

from __future__ import annotations

import json

import pytest

from flowstone.targets.airflow_pools import pools_file
from flowstone.targets.seal import is_generated, is_untouched, seal

PATH = "pools.json"


@pytest.fixture
def text(build):
    build.asset("orders", concurrency="db")
    build.job("nightly")
    return seal(PATH, pools_file(build.project(concurrency={"db": 2, "unused": 7}))[PATH])


def test_there_is_none_without_limits(build):
    build.asset("orders")
    build.job("nightly")
    assert pools_file(build.project(concurrency={"db": 2})) == {}


def test_limits_that_are_used_are_pools_of_the_project(text):
    pools = json.loads(text)
    assert list(pools) == ["shop__db"]
    assert (pools["shop__db"]["slots"], pools["shop__db"]["include_deferred"]) == (2, False)
    assert is_generated(PATH, text)
    assert is_untouched(PATH, text)


@pytest.mark.parametrize("edit", [('"slots": 2', '"slots": 9'), ("shop__db", "shop__dc"), ("\n }", ' ,"a": 1\n }')])
def test_an_edit_is_seen(text, edit):
    edited = text.replace(*edit)
    assert edited != text
    assert is_generated(PATH, edited)
    assert not is_untouched(PATH, edited)


@pytest.mark.parametrize("other", ["", "[]", "{}", "7", '{"a": {"slots": 1, "description": "mine"}}', '{"a": 1}'])
def test_pools_of_others_are_left_alone(other):
    assert not is_generated(PATH, other)
    assert not is_untouched(PATH, other)
