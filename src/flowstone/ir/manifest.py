"""The manifest: the IR of a compiled project in the file that lies beside the generated code and that workers read."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from flowstone.__about__ import __version__
from flowstone.errors import ConfigurationError
from flowstone.ir.digest import project_digest
from flowstone.ir.node import Node
from flowstone.ir.project import SCHEMA_VERSION, Project

FILE_NAME = "flowstone.json"


class Manifest(Node):
    """A compiled project."""

    flowstone: str
    """Version of FlowStone that compiled it."""
    digest: str
    """``project_digest`` of the project."""
    project_root: str | None
    """Path from the manifest's folder to the project's; None if a worker is told by ``FLOWSTONE_PROJECT_ROOT``."""
    project: Project

    def text(self, indent: int | None = None) -> str:
        """The manifest as JSON, without what ``check`` alone reads."""
        return self.model_dump_json(indent=indent, exclude={"project": {"bodies", "imports"}})


def make_manifest(project: Project, project_root: str | None) -> Manifest:
    """The manifest of a project."""
    return Manifest(flowstone=__version__, digest=project_digest(project), project_root=project_root, project=project)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Errors: ConfigurationError if it is not there, or not one that this version understands."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} is missing", help="deploy the whole output folder of flowstone compile"
        ) from None
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"{path} is not a manifest that FlowStone {__version__} (IR schema {SCHEMA_VERSION}) understands: {error}",
            help="compile and run with the same version of FlowStone",
        ) from error
