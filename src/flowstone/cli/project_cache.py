"""The project as the last run read it, as long as nothing has changed that it depends on: the manifest of that run.

It depends on what a check depends on (see ``surroundings``), on the content of every file that was read, and on the
pins, which are a part of fingerprints. A cache that is missing, damaged or foreign is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING

from flowstone.cli.project_files import ProjectFiles
from flowstone.cli.surroundings import contents, digest, surroundings
from flowstone.errors import ConfigurationError
from flowstone.frontend.files import UnreadableError

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.ir.project import Project

_FORMAT = 2


class ProjectCache:
    """The cache of one project and profile. Make it before the project is read, so that it sees what changes then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._surroundings = self._look()
        name = digest([str(settings.root), settings.profile])[:32]
        self._path = settings.cache_folder / "projects" / f"{name}.json"

    def get(self) -> tuple[Project, Path] | None:
        """A sound project and its manifest, if they still hold."""
        from flowstone.ir.manifest import read_manifest

        try:
            kept = json.loads(self._path.read_bytes())
            if self._surroundings is None or kept["surroundings"] != self._surroundings:
                return None
            if contents(ProjectFiles(self._settings.root), kept["files"]) != kept["files"]:
                return None
            manifest = Path(kept["manifest"])
            if hashlib.sha256(manifest.read_bytes()).hexdigest() != kept["checksum"]:
                return None
            return read_manifest(manifest).project, manifest
        except (OSError, ValueError, KeyError, TypeError, RecursionError, ConfigurationError):
            return None

    def put(self, sources: Mapping[str, str], manifest: Path, *, searched: Set[str] = frozenset()) -> None:
        """Keep a project that is sound for the local runner. ``sources`` are the texts that were read, by path;
        ``searched`` the folders in which modules were looked for.

        Nothing is kept if something has changed since.
        """
        if self._surroundings is None or self._look() != self._surroundings:
            return
        now = ProjectFiles(self._settings.root)
        try:
            kept = {
                "surroundings": self._surroundings,
                "files": contents(now, [*sources, *(f"{folder}/" for folder in searched)]),
                "manifest": str(manifest),
                "checksum": hashlib.sha256(manifest.read_bytes()).hexdigest(),
            }
            if all(now.text(path) == text for path, text in sources.items()):
                self._write(json.dumps(kept))
        except (OSError, UnreadableError):
            return

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)

    def _look(self) -> str | None:
        """Digest of what the project depends on beside its files; None if that cannot be seen: then nothing is kept."""
        from flowstone.frontend.pins import read_pins

        settings = self._settings
        try:
            pins = read_pins(settings.root, settings.requirements)
            return digest([_FORMAT, surroundings(settings), sorted(pins.versions.items())])
        except (OSError, ValueError):
            return None
