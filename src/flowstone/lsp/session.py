"""One project as the editor sees it: the files on disk, and over them the texts that are not saved yet.

After a change as little as possible is read anew (``frontend.partial``). While a file that is being typed cannot be
parsed, the project stays what the file's last sound text made of it, and of the file only the syntax error is told.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from msgspec.structs import replace

from flowstone.checks import Judgement, judge
from flowstone.checks.policy import policy
from flowstone.config import Settings, load_settings
from flowstone.config.files import FLOWSTONE_TOML, PYPROJECT
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.errors import ConfigurationError, UsageError
from flowstone.frontend import Loaded, load, update
from flowstone.frontend.files import UnreadableError, read_source
from flowstone.lsp.broken import UNUSABLE, config_problems, text_problem
from flowstone.lsp.disk import Stamp, config_files, importable_beside, listed, stamps, would_be_listed
from flowstone.lsp.sameness import finds_the_same

_LOOK = 2.0
"""Seconds after which the disk is looked at again, for editors that do not tell what changes there."""


class Session:
    """The state of one project. ``refresh`` brings it up to date; everything else only reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings: Settings | None = None
        """None as long as the configuration has never been sound."""
        self.loaded: Loaded | None = None
        self.findings: tuple[Diagnostic, ...] = ()
        """What is to be shown, by place."""
        self.broken: dict[str, Diagnostic] = {}
        """Files whose text cannot be parsed now, and why; the project was made of an earlier text of theirs."""
        self._unsaved: dict[str, str] = {}
        self._gone: set[str] = set()
        """Files that the editor still has open, and that are on disk no longer."""
        self._changed: set[str] = set()
        self._judgement: Judgement | None = None
        self._stamps: dict[Path, Stamp] = {}
        self._sources: set[Path] = set()
        self._beside: dict[Path, frozenset[str]] = {}
        """What else could be imported from the folders in which modules were looked for."""
        self._looked = 0.0
        self._whole = True

    # -- what the editor tells -------------------------------------------------------------------------------------

    def set_text(self, path: str, text: str | None) -> None:
        """Note the editor's text of a file, by path relative to the project's folder; None once it is closed."""
        if text is None:
            self._unsaved.pop(path, None)
            self._gone.discard(path)
        else:
            self._unsaved[path] = text
        self._changed.add(path)

    def look_again(self) -> None:
        """Let the next refresh look at the disk: something there has changed."""
        self._looked = 0.0

    def text(self, path: str) -> str | None:
        """The text of a file as the editor sees it; None if it cannot be read."""
        if path in self._unsaved:
            return self._unsaved[path]
        if self.loaded is not None and path in self.loaded.sources and path not in self.broken:
            return self.loaded.sources[path]
        try:
            return read_source(self.root / path)
        except UnreadableError:
            return None

    def has(self, path: str) -> bool:
        """Whether the editor's text of a file is known."""
        return path in self._unsaved

    def knows(self, path: str) -> bool:
        """Whether findings can be about the file: it belongs to the project, or configures it."""
        return (self.loaded is not None and path in self.loaded.sources) or path in (FLOWSTONE_TOML, PYPROJECT)

    def is_current(self, path: str) -> bool:
        """Whether the project was made of the file's present text."""
        return self.loaded is not None and self.loaded.sources.get(path) == self.text(path)

    # -- bringing it up to date ------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read and check what has changed. Never fails: what is wrong is among the findings."""
        if monotonic() - self._looked > _LOOK:
            self._look()
        if self.settings is None:
            return
        if self.loaded is None or self._whole:
            self._read_whole(self.settings)
        elif self._changed:
            self._read_changed(self.settings, self.loaded)
        self._show(self.settings)

    def _look(self) -> None:
        """Note what has changed on disk: the configuration, files that came or went, and their texts."""
        first, self._looked = not self._stamps, monotonic()
        old = self._stamps
        self._stamps = stamps(config_files(self.root))
        if any(old.get(path) != self._stamps[path] for path in self._stamps) or self.settings is None:
            self._configure()
        if self.settings is None:
            return
        sources = listed(self.settings)
        others = {self.root / path for path in (self.loaded.sources if self.loaded else ())}
        self._stamps |= stamps(sources | others | {self.root / path for path in self._unsaved})
        self._gone = {path for path in self._unsaved if self._is_gone(path, old)}
        beside = importable_beside(self._beside, sources)
        self._whole = self._whole or first or beside != self._beside
        self._beside = beside
        changed = {path for path in sources | others if old.get(path) != self._stamps[path]} | (self._sources - sources)
        self._sources = sources
        self._changed.update(path.relative_to(self.root).as_posix() for path in changed if _inside(path, self.root))

    def _is_gone(self, path: str, old: Mapping[Path, Stamp]) -> bool:
        """Whether an open file was on disk and is there no longer: one that was never saved is not gone."""
        file = self.root / path
        return self._stamps[file] is None and (path in self._gone or old.get(file) is not None)

    def _configure(self) -> None:
        try:
            settings = load_settings(self.root)
            policy(settings)
        except (ConfigurationError, UsageError) as error:
            self.findings = config_problems(self.root, error)
            self.settings = None
            return
        self.settings = settings
        self._whole = True

    def _read_whole(self, settings: Settings) -> None:
        before = dict(self.loaded.sources) if self.loaded else {}
        self.broken = {}
        texts: dict[str, str] = {}
        self._beside = {}
        for path, text in self._unsaved.items():
            if path in self._gone:
                continue
            texts.update({path: before[path]} if path in before else {})
            self._take(settings, texts, path, text)
        self._set(load(settings, fingerprints=False, texts=texts), settings)
        gc.freeze()  # the project stays: looking for garbage in it would take longer than an edit
        self._whole = False
        self._changed = set()

    def _read_changed(self, settings: Settings, loaded: Loaded) -> None:
        texts = self._new_texts(settings, loaded)
        self._changed = set()
        if texts is None:
            self._read_whole(settings)
        elif texts != loaded.sources:
            self._set(update(loaded, settings, texts), settings)

    def _new_texts(self, settings: Settings, loaded: Loaded) -> Mapping[str, str] | None:
        """The texts of which the project is to be made; None if a file cannot be read."""
        texts = dict(loaded.sources)
        for path in self._changed:
            if path not in texts and not self._is_source(settings, path):
                continue
            if path in self._gone or not (path in self._unsaved or (self.root / path).exists()):
                texts.pop(path, None)
                self.broken.pop(path, None)
                continue
            text = self._now(path)
            if text is None:
                return None
            self._take(settings, texts, path, text)
        return texts

    def _is_source(self, settings: Settings, path: str) -> bool:
        file = self.root / path
        return file in self._sources or (path in self._unsaved and would_be_listed(settings, file))

    def _take(self, settings: Settings, texts: dict[str, str], path: str, text: str) -> None:
        """Let a file have a new text, or keep its last sound one while the new one is broken."""
        problem = text_problem(settings, path, text)
        if problem is not None and (problem.code == UNUSABLE or self._is_sound(settings, texts, path)):
            self.broken[path] = problem
            texts.setdefault(path, "")
        else:
            self.broken.pop(path, None)
            texts[path] = text

    def _is_sound(self, settings: Settings, texts: Mapping[str, str], path: str) -> bool:
        """Whether the project has a text of the file that can be parsed."""
        return path in texts and (path in self.broken or text_problem(settings, path, texts[path]) is None)

    def _now(self, path: str) -> str | None:
        if path in self._unsaved:
            return self._unsaved[path]
        try:
            return read_source(self.root / path)
        except UnreadableError:
            return None

    def _set(self, loaded: Loaded, settings: Settings) -> None:
        before, self.loaded = self._judgement, loaded
        folders = {self.root / folder for folder in (*settings.import_roots, *loaded.searched)}
        self._beside |= importable_beside(folders - self._beside.keys(), self._sources)
        if before is not None and before.settings is settings and finds_the_same(before, loaded):
            self._judgement = replace(before, loaded=loaded)
        else:
            self._judgement = judge(loaded, settings, before)

    def _show(self, settings: Settings) -> None:
        found = () if self._judgement is None else self._judgement.diagnostics
        shown = policy(settings).apply(found)
        others = (item for item in shown if item.span.file not in self.broken)
        self.findings = tuple(sorted((*others, *self.broken.values()), key=lambda item: item.sort_key))


def _inside(path: Path, root: Path) -> bool:
    return path.is_relative_to(root)
