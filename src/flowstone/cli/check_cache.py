"""The result of ``flowstone check`` from the last time, as long as nothing has changed that it depends on.

It depends on FlowStone itself, on Python and the installed packages, on the configuration, on the content of every file
that was read, and on which files there are. A cache that is missing, damaged or foreign is as good as none; one that
cannot be written is no error. Little is imported here but the standard library: a warm ``check`` takes a moment only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flowstone.cli.project_files import ProjectFiles, packed, unpacked
from flowstone.cli.surroundings import (
    Look,
    contents,
    digest,
    folders,
    look,
    source_changes,
)
from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend.files import UnreadableError, importable

if TYPE_CHECKING:
    from flowstone.checks import Judgement
    from flowstone.cli.kept import Kept

_UNREADABLE = "FS002"
_TEMPORARY = ".check-"
_ABANDONED = 3600
"""Seconds after which nobody writes a temporary file any more."""
_FEW = 20
"""Changed files that are compared in detail; with more, reading all anew is as fast."""


class CheckResult(Struct, frozen=True):
    """What a check found."""

    diagnostics: tuple[Diagnostic, ...]
    """All of them, whatever is selected or ignored."""
    assets: int
    """How many assets the project has."""
    files: frozenset[str]
    """The files that were read, by path relative to the project's folder."""


class Again(Struct, frozen=True):
    """A judgement that was made of an earlier one."""

    judgement: Judgement
    """Of the project, or of a cutout."""
    assets: int
    """How many assets the project has."""


class CheckCache:
    """The cache of one project and profile. Make it before the project is read, so that it sees what changes then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = ProjectFiles(settings.root)
        self._seen = self._look()
        key = digest([str(settings.root), settings.profile])
        self._path = settings.cache_folder / "check" / f"{key[:32]}.json"
        self._texts = self._path.with_suffix(".texts")
        self._whole = self._path.with_suffix(".project.json")

    def get(self) -> CheckResult | None:
        """The result of the last check, if it still holds."""
        try:
            content = _read(self._path)
            if self._seen is None or content["surroundings"] != self._seen.digest:
                return None
            diagnostics = tuple(Diagnostic.from_json(item) for item in content["diagnostics"])
            files = frozenset(path for path in content["files"] if not path.endswith("/"))
            result = CheckResult(diagnostics, int(content["assets"]), files)
            now = contents(self._files, content["files"])
            if now == content["files"]:
                return result
            changed = {path for path in now.keys() | content["files"] if now[path] != content["files"][path]}
            folders = {path.rstrip("/") for path in content["files"] if path.endswith("/")}
            return result if self._hardly_changed(changed, result, content["texts"], folders) else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _hardly_changed(self, changed: set[str], result: CheckResult, texts_digest: str, searched: Set[str]) -> bool:
        """Whether the changes in some files are such that the result still holds: no place in them is in it, and their
        outlines are the same. If so the result is kept for the new texts.
        """
        from flowstone.frontend.outline import outline, same_heads

        spans = [span for item in result.diagnostics for span in (item.span, *(more.span for more in item.related))]
        if len(changed) > _FEW or changed & {span.file for span in spans}:
            return False
        data = self._texts.read_bytes()
        if hashlib.sha256(data).hexdigest() != texts_digest:
            return False
        old = unpacked(sorted(result.files), data)
        try:
            if not all(same_heads(old[path], self._files.text(path)) for path in changed):
                return False
            new = {path: self._files.text(path) for path in old}
        except (UnreadableError, SyntaxError, MemoryError):
            return False
        packages = _own_packages(self._settings)
        for path in changed:
            others = [text for other, text in new.items() if other != path]
            sides = {outline(text, packages, partial(_is_mentioned, others)) for text in (old[path], new[path])}
            if len(sides) != 1 or None in sides:
                return False
        self.put(new, result.diagnostics, result.assets, searched)
        return True

    def put(
        self,
        sources: Mapping[str, str],
        diagnostics: Sequence[Diagnostic],
        assets: int,
        searched: Set[str] = frozenset(),
    ) -> None:
        """Keep a result. ``sources`` are the texts of the files that were read, by path; ``searched`` the folders in
        which modules were looked for.

        Nothing is kept if a file could not be read, or if something has changed since.
        """
        if any(item.code == _UNREADABLE for item in diagnostics):
            return
        if self._seen is None or self._look() != self._seen:
            return
        now = ProjectFiles(self._settings.root)
        try:
            files = contents(now, [*sources, *(f"{folder}/" for folder in searched)])
            if all(now.text(path) == text for path, text in sources.items()):
                self._write(sources, files, diagnostics, assets)
        except (OSError, UnreadableError):
            return

    def _write(
        self, texts: Mapping[str, str], files: dict[str, Any], diagnostics: Sequence[Diagnostic], assets: int
    ) -> None:
        assert self._seen is not None
        data = packed(dict(sorted(texts.items())))
        content = {
            "surroundings": self._seen.digest,
            "files": files,
            "texts": hashlib.sha256(data).hexdigest(),
            "diagnostics": [{**item.to_json(), "about": item.about} for item in diagnostics],
            "assets": assets,
        }
        self._make_folder()
        _replace(self._texts, data)
        sealed = {"checksum": digest(content), "content": content}
        _replace(self._path, json.dumps(sealed).encode())

    def _make_folder(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        (self._settings.cache_folder / ".gitignore").write_text("*\n")
        for left in self._path.parent.glob(f"{_TEMPORARY}*"):  # by a check that was killed
            if time.time() - left.stat().st_mtime > _ABANDONED:
                left.unlink(missing_ok=True)

    def judge_again(self, texts: Mapping[str, str] = MappingProxyType({}), *, whole: bool = False) -> Again | None:
        """The project as it is now with what is found in it, made of what was kept and of the files that have changed;
        None if it has to be made anew.

        ``texts`` hold instead of what is in the files. The judgement is of a cutout if that is enough and the ``whole``
        is not asked for.
        """
        from flowstone.cli.kept import Kept

        try:
            kept = Kept.decode(self._whole.read_bytes())
            new = self._new_texts(kept, texts)
            return None if new is None else self._again(kept, new, whole=whole)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _again(self, kept: Kept, texts: Mapping[str, str], *, whole: bool) -> Again | None:
        from flowstone.checks import judge, judge_cutout
        from flowstone.frontend.partial import reload

        old = kept.texts
        changed = {path for path in texts if texts[path] != old.get(path)}
        in_place = not whole and texts.keys() == old.keys() and _define_the_same(changed, old, texts)
        near = kept.around(changed) if in_place else None
        if near is not None:
            before = kept.judgement(self._settings, near)
            loaded = reload(before.loaded, self._settings, texts)
            found = None if loaded is None else judge_cutout(loaded, before)
            if found is not None:
                return Again(found, kept.assets)
        before = kept.judgement(self._settings)
        loaded = reload(before.loaded, self._settings, texts)
        return None if loaded is None else Again(judge(loaded, self._settings, before), len(loaded.project.assets))

    def _new_texts(self, kept: Kept, texts: Mapping[str, str]) -> dict[str, str] | None:
        """The texts of the kept project's files as they are now; None if too much has changed."""
        head, old = kept.head, kept.texts
        if self._seen is None or head["without_files"] != self._seen.without_files:
            return None
        moved = source_changes(self._settings.root, self._seen.listings, head["listings"], head["folders"])
        if moved is None or not texts.keys() <= old.keys():
            return None
        added, removed = moved
        paths = [*(path for path in old if path not in removed), *sorted(added)]
        try:
            new = {path: texts[path] if path in texts else self._files.text(path) for path in paths}
        except UnreadableError:
            return None
        return new if len(removed) + sum(new[path] != old.get(path) for path in new) <= _FEW else None

    def put_judgement(self, judgement: Judgement) -> None:
        """Keep a project with what was found in it, so that a part of it can be read anew.

        Nothing is kept if a file could not be read: that it can be read later would not be noticed.
        """
        if any(item.code == _UNREADABLE for item in judgement.diagnostics):
            return
        if self._seen is None or self._look() != self._seen:
            return
        from flowstone.cli.kept import encode

        try:
            loaded = judgement.loaded
            listed = folders(self._settings.root, [*loaded.sources, *(f"{folder}/" for folder in loaded.searched)])
            seen = {"without_files": self._seen.without_files, "listings": self._seen.listings}
            data = encode(judgement, {**seen, "folders": listed})
            self._make_folder()
            _replace(self._whole, data)
        except (OSError, ValueError):
            return

    def _look(self) -> Look | None:
        """The surroundings; None if they cannot be seen, and then nothing is kept."""
        try:
            return look(self._settings)
        except OSError:
            return None


def _read(path: Path) -> dict[str, Any]:
    """The content of a file of the cache. Errors: OSError, ValueError, KeyError, TypeError if it is damaged."""
    entry = json.loads(path.read_bytes())
    if entry["checksum"] != digest(entry["content"]):
        raise ValueError("damaged")
    content: dict[str, Any] = entry["content"]
    return content


def _replace(path: Path, data: bytes) -> None:
    """Write a file of the cache, so that others see the old one or the new one. Errors: OSError."""
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{time.time_ns()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _own_packages(settings: Settings) -> set[str]:
    """First names of the modules that the project's import roots hold."""
    return {name.removesuffix(".py") for root in settings.import_roots for name in importable(settings.root / root)}


def _is_mentioned(texts: Sequence[str], name: str) -> bool:
    word = re.compile(rf"\b{name}\b")
    return any(name in text and word.search(text) for text in texts)


def _define_the_same(changed: Set[str], old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether changed files define what they did: if not, it hardly is enough to look at a part of the project."""
    from flowstone.frontend.outline import same_names

    try:
        return all(same_names(old[path], new[path]) for path in changed)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
