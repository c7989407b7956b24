"""What rules that look at the whole graph may see of each declaration: all of it but the following.

Of bodies they see what runs when a module is imported, the partitions that sensors ask for, and the registries to which
keys are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowstone.ir.project import Project

_USE = {"type", "location"}
_SIGNATURE: dict[str, Any] = {
    "dependencies": {"__all__": _USE},
    "resources": {"__all__": _USE},
    "config": {"__all__": {"location"}},
    "returns": True,
}
_STEP: dict[str, Any] = {
    **dict.fromkeys(("location", "spots", "retries", "timeout", "cache", "engine_options", "code", "gate"), True),
    "signature": _SIGNATURE,
}
_ASSET = {"location", "type", "description", "meta", "owners"}
_OTHER: dict[str, Any] = {**dict.fromkeys(("location", "description", "code"), True), "signature": _SIGNATURE}
SEEN = ("runs on import", "requests", "adds partitions")
_LEFT_OUT: dict[str, Any] = {
    "steps": {"__all__": _STEP},
    "assets": {"__all__": _ASSET},
    "checks": {"__all__": _OTHER},
    "resources": {"__all__": _OTHER},
    "jobs": {"__all__": {"location"}},
    "sensors": {"__all__": {"location", "job_location", "description"}},
    "bodies": True,
}


def outside(project: Project) -> dict[str, Any]:
    """The project as rules of scope ``graph`` see it. Places are not in it, though findings show them."""
    seen = {
        module: [fact.model_dump(exclude={"location", "inside"}) for fact in facts if fact.kind in SEEN]
        for module, facts in project.bodies.items()
    }
    shown = {module: facts for module, facts in seen.items() if facts}
    return {**project.model_dump(exclude=_LEFT_OUT), "bodies": shown}


def same_outside(old: Project, new: Project) -> bool:
    """Whether ``outside`` shows the same of two projects. Nodes that both of them hold are not looked at.

    False, too, if any have come or gone or stand in another order, whatever they are.
    """
    pairs = {field: (getattr(old, field), getattr(new, field)) for field in Project.model_fields}
    if not all(_are_in_line(*pair) for pair in pairs.values()):
        return False
    before = {field: _not_in(one, other) for field, (one, other) in pairs.items()}
    after = {field: _not_in(other, one) for field, (one, other) in pairs.items()}
    return outside(old.model_copy(update=before)) == outside(new.model_copy(update=after))


def _are_in_line(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping):
        return list(one) == list(other)
    return not isinstance(one, tuple) or len(one) == len(other)


def _not_in(one: Any, other: Any) -> Any:
    """What of a field is not the very same in the other's."""
    if isinstance(one, Mapping):
        return {key: item for key, item in one.items() if item is not other[key]}
    if isinstance(one, tuple):
        return tuple(item for item, its in zip(one, other, strict=True) if item is not its)
    return one
