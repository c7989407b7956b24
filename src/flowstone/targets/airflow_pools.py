"""The pools of a project on Airflow, in the file that ``airflow pools import`` reads.

Airflow has no place for a comment in it. That FlowStone made it, and that nobody has edited it since, is said by the
description of each pool: it ends with the digest of all of them.
"""

from __future__ import annotations

import json
import re

from flowstone.ir.digest import digest
from flowstone.ir.limits import limit_id
from flowstone.ir.project import Project

FILE_NAME = "pools.json"
_STATED = re.compile(r"Limit .+, by FlowStone (sha256:[0-9a-f]{64})", re.DOTALL)


def pools_file(project: Project) -> dict[str, str]:
    """Name and text of the file; nothing if no step has a limit."""
    used = {step.concurrency for step in project.steps.values()}
    sizes = {limit_id(project, name): size for name, size in project.concurrency.items() if name in used}
    if not sizes:
        return {}
    end = f"of the project {project.name}, by FlowStone {digest(sizes)}"
    pools = {
        limit_id(project, name): {"slots": size, "description": f"Limit {name} {end}", "include_deferred": False}
        for name, size in sorted(project.concurrency.items())
        if name in used
    }
    return {FILE_NAME: json.dumps(pools, indent=1) + "\n"}


def stated_of(text: str) -> str | None:
    """The digest that the file states; None if FlowStone has not made it."""
    try:
        pools = json.loads(text)
        found = [_STATED.fullmatch(pool["description"]) for pool in pools.values()]
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    return next((match[1] for match in found if match is not None), None)


def is_as_stated(text: str) -> bool:
    """Whether the file is exactly as FlowStone made it."""
    stated = stated_of(text)
    if stated is None:
        return False
    pools = json.loads(text)
    sizes = {name: pool.get("slots") for name, pool in pools.items()}
    return text == json.dumps(pools, indent=1) + "\n" and stated == digest(sizes)
