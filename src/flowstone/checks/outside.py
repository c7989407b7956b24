"""What rules that look at the whole graph may see of each declaration: all of it but the following.

Of bodies they see what runs when a module is imported, the partitions that sensors ask for, and the registries to which
keys are added.
"""

from __future__ import annotations

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
