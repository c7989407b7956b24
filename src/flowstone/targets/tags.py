"""Tags of FlowStone as engines have them: texts."""

from __future__ import annotations

from collections.abc import Mapping


def tag_texts(tags: Mapping[str, str]) -> list[str]:
    """``name`` or ``name:value`` for each tag."""
    return [f"{name}:{value}" if value else name for name, value in tags.items()]
