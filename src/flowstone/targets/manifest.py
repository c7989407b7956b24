"""The manifest as a generated file."""

from __future__ import annotations

from flowstone.ir.manifest import FILE_NAME, make_manifest
from flowstone.ir.project import Project


def manifest_file(project: Project, project_root: str | None) -> dict[str, str]:
    """Name and text of the file that lies beside the generated code and that workers read."""
    return {FILE_NAME: make_manifest(project, project_root).text(indent=1) + "\n"}
