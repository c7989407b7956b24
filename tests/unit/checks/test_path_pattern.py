"""Patterns of paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.checks.path_pattern import PathPattern

PATHS = ["a.py", "pipelines/a.py", "pipelines/legacy/a.py", "pipelines/legacy/deep/b.py", "other/legacy/a_old.py"]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("pipelines/legacy/**", [2, 3]),
        ("pipelines/legacy/*", [2, 3]),
        ("pipelines/legacy/", [2, 3]),
        ("pipelines/legacy", [2, 3]),
        ("./pipelines/legacy", [2, 3]),
        ("/pipelines/legacy", [2, 3]),
        ("legacy", [2, 3, 4]),
        ("legacy/*", []),
        ("**/legacy/*", [2, 3, 4]),
        ("a.py", [0, 1, 2]),
        ("/a.py", [0]),
        ("pipelines/a.py", [1]),
        ("pipelines/*.py", [1]),
        ("pipelines/**/*.py", [1, 2, 3]),
        ("pipelines/**/a.py", [1, 2]),
        ("*_old.py", [4]),
        ("?.py", [0, 1, 2, 3]),
        ("[bc].py", [3]),
        ("[!b].py", [0, 1, 2]),
        ("{pipelines,other}/legacy/*.py", [2, 4]),
        ("**/{legacy,new}/{a,b}*.py", [2, 4]),
        ("**", [0, 1, 2, 3, 4]),
        ("*", [0, 1, 2, 3, 4]),
        ("!pipelines/**", [0, 4]),
        ("A.py", []),
        ("[a.py", []),
        ("a.p", []),
    ],
)
def test_which_paths_fit(pattern, numbers):
    assert [number for number, path in enumerate(PATHS) if PathPattern(pattern).matches(path)] == numbers


def test_a_bracket_that_is_not_closed_means_itself():
    assert PathPattern("[a.py").matches("x/[a.py")
    assert PathPattern("{a,b.py").matches("{a,b.py")


def test_braces_cannot_explode():
    pattern = "{a,b}" * 20

    assert PathPattern(pattern).matches(pattern)
    assert not PathPattern(pattern).matches("a" * 20)


def test_many_stars_take_no_time():
    assert not PathPattern("**/" * 8 + "x" + "*" * 40 + "y").matches("a/" * 20 + "x" * 40)


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_pattern_is_too_strange(pattern, path):
    turned = PathPattern(f"!{pattern}").matches(path) if not pattern.startswith("!") else None

    assert turned is not PathPattern(pattern).matches(path)


@given(st.text(alphabet=st.characters(exclude_characters="/*?[]{}!"), min_size=1))
def test_a_plain_name_fits_itself_at_any_depth(name):
    if name not in (".", ".."):
        assert PathPattern(name).matches(name)
        assert PathPattern(name).matches(f"a/{name}/b.py")


@pytest.mark.parametrize("pattern", ["[z-a]", "[a-\\d]", "[[:alpha:]]", "[&&a]", "[~~]", "[]", "[!]", "[\\]"])
def test_a_bracket_that_makes_no_sense_stands_for_itself_or_for_nothing(pattern):
    assert not PathPattern(pattern).matches("b/c.py")
