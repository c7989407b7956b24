"""What engines call the limits of a project: they share them with other projects."""

from __future__ import annotations

from flowstone.ir.project import Project


def limit_id(project: Project, name: str) -> str:
    """The name of a limit on an engine."""
    return f"{project.name}__{name}"
