"""Patterns that are compiled when they are first used."""

import re

import pytest

from flowstone.patterns import pattern


def test_a_pattern_is_compiled_once_when_it_is_used(monkeypatch):
    compiled = []
    original = re.compile
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given) or original(*given))
    words = pattern(r"[a-z]+", re.IGNORECASE)
    assert compiled == []
    assert [words.findall("One two"), words.findall("three")] == [["One", "two"], ["three"]]
    assert compiled == [(r"[a-z]+", re.IGNORECASE)]
    assert words.fullmatch("one two") is None
    assert words.pattern == r"[a-z]+"


def test_what_a_pattern_has_not_is_refused():
    with pytest.raises(AttributeError):
        pattern("a").nothing  # noqa: B018
