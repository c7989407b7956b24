"""The contract of a compilation target. ``render`` returns texts; writing them is the command's business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.ir.project import Project


class Capability(Struct, frozen=True):
    """How one construct of the language is lowered for a target. The documentation prints these."""

    construct: str
    """Such as ``partitions: hourly`` or ``timeout``."""
    how: str
    """``native``, ``runtime`` or ``refused``."""
    note: str
    """One line: by which construct of the engine, or why not."""
    since: str = ""
    """The first version of the engine that has it; empty: all that are known."""


class Rendered(Struct, frozen=True):
    """Generated files by path relative to the output folder, with forward slashes."""

    files: dict[str, str] = field(default_factory=dict)


class RenderOptions(Struct, frozen=True):
    """What a target is told beside the project."""

    project_root: str | None
    """Path from the output folder to the project's folder, as in ``../..``; None if they are not near each other, and
    a worker must be told by ``FLOWSTONE_PROJECT_ROOT``."""
    template_folder: Path | None = None
    """The project's own templates, which replace those of the same name."""


class Target(Protocol):
    """One engine that FlowStone generates code for."""

    name: ClassVar[str]
    versions: ClassVar[tuple[str, ...]]
    """The versions of the engine that are known, oldest first. Code is generated for the last one; of the others it is
    only known what they cannot do. Empty if the target is no foreign engine."""
    capabilities: ClassVar[tuple[Capability, ...]]

    def check(self, project: Project) -> Iterator[Diagnostic]:
        """What this engine cannot do: one error each, with the reason, at the place in the source."""
        ...

    def render(self, project: Project, options: RenderOptions) -> Rendered:
        """The generated files. The project has no errors, those of ``check`` included."""
        ...
