"""Whether an edit can have changed what is found: most of them only move what is below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowstone.checks import Judgement
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend import Loaded
from flowstone.ir.node import Location, Node
from flowstone.ir.project import Project


def finds_the_same(before: Judgement, loaded: Loaded) -> bool:
    """Whether nothing can be found that was not found before, at the same places.

    The declarations are the same, but for their places, and neither a finding nor a comment that may hide one is in the
    files that have changed.
    """
    old = before.loaded
    if old.diagnostics != loaded.diagnostics or old.sources.keys() != loaded.sources.keys():
        return False
    changed = {path for path, text in loaded.sources.items() if old.sources[path] != text}
    texts = [state.sources[path] for state in (old, loaded) for path in changed]
    if any("flowstone:" in text for text in texts):
        return False
    return not any(_files(item) & changed for item in before.diagnostics) and _declares_the_same(
        old.project, loaded.project
    )


def _files(item: Diagnostic) -> set[str]:
    """The files that a finding speaks of, or would be fixed in."""
    edits = () if item.fix is None else item.fix.edits
    return {item.span.file, *(more.span.file for more in item.related), *(edit.span.file for edit in edits)}


def _declares_the_same(old: Project, new: Project) -> bool:
    return all(_same(getattr(old, field), getattr(new, field)) for field in Project.model_fields)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal, lines and columns left out; the order of what is declared counts."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Location):
        return bool(one.file == other.file)
    if isinstance(one, Node):
        return all(_same(getattr(one, field), getattr(other, field)) for field in type(one).model_fields)
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_same(item, other[key]) for key, item in one.items())
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
