"""A project in which a few files have changed, made of what it was before and of these files alone.

The result is that of reading everything, or there is none. Besides the changed files those are read anew that mention a
name which is declared no longer or for the first time, and then those with findings. It is refused whenever a changed
file might matter to others in a way that is not looked at: when another module might import it, or it calls factories
of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import spans
from flowstone.frontend.findings import Findings
from flowstone.frontend.loader import Loaded, load, room
from flowstone.frontend.modules import ModuleIndex
from flowstone.frontend.splice import MoreError, RefusedError, Splice, has_conflict

_FEW = 20
"""So many files are always read for themselves; of more, a quarter of the project."""


def update(base: Loaded, settings: Settings, texts: Mapping[str, str]) -> Loaded:
    """A project with new texts of some of its files: what ``load`` gives for them, mostly in a fraction of the time.

    ``base`` is what ``load`` without fingerprints, or this function, gave before for the same configuration.
    ``texts`` are the texts of all files that it read, as they are now (``{**base.sources, path: text}``). Files below
    the sources may have been added, or left out if they are there no longer.
    """
    return reload(base, settings, texts) or load(settings, fingerprints=False, texts=texts)


def reload(base: Loaded, settings: Settings, texts: Mapping[str, str]) -> Loaded | None:
    """The project with new texts of its files, as ``load`` would read it; None if it has to be read whole.

    ``base`` is what ``load`` gave without fingerprints, for the same configuration.
    """
    changed = {path for path in base.sources.keys() | texts.keys() if texts.get(path) != base.sources.get(path)}
    if any("flowstone:" in text for path, text in texts.items() if path not in base.files):
        return None  # a comment there may hide nothing any more, if nothing reads the file any more
    if not base.found.keys() <= base.files.keys() | {""} or has_conflict(base.diagnostics):
        return None
    if not base.files.keys() <= base.sources.keys():
        return None  # a file could not be read, which would be told no longer
    try:
        with room():
            return _reread(base, settings, texts, changed)
    except RefusedError:
        return None


def _reread(base: Loaded, settings: Settings, texts: Mapping[str, str], changed: Set[str]) -> Loaded:
    """Read the changed files, and all that turn out to have to be read as well. Errors: RefusedError."""
    order = _order(base, settings, texts, changed)
    read = changed | _always(base)
    while len(read) <= max(_FEW, len(order) // 4):
        try:
            return Splice(base, settings, texts, changed, read, order).loaded()
        except MoreError as more:
            further = base.files.keys() & more.paths
            if further <= read or base.is_cutout:
                break
            read |= further
    raise RefusedError


def _order(base: Loaded, settings: Settings, texts: Mapping[str, str], changed: Set[str]) -> tuple[str, ...]:
    """The source files as they are now, in the order in which they are read. Errors: RefusedError."""
    added, removed = texts.keys() - base.sources.keys(), base.sources.keys() - texts.keys()
    if not changed <= base.files.keys() | added:
        raise RefusedError
    if not added and not removed:
        return tuple(base.files)
    paths = ModuleIndex(settings.root, settings.import_roots, Findings(), texts).source_paths(settings.sources)
    if set(paths) != (base.files.keys() | added) - removed:
        raise RefusedError
    return paths


def _always(base: Loaded) -> set[str]:
    """Files whose findings depend on the whole project: selectors that match nothing, jobs of one name."""
    selecting = {path for path, found in base.found.items() if any(item.code == "FS206" for item in found)}
    about_all = {span.file for span in spans(base.found.get("", ()))}
    return {path for path in selecting | about_all if path in base.files}
