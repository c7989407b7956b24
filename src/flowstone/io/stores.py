"""Which store a file manager's values lie in. Loaded with the first manager: who only judges options needs none.

Each kind is loaded when a root asks for it: most projects have no URL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flowstone.io.files import FileStore
from flowstone.io.fsspec_kinds import OBJECTS, is_url
from flowstone.io.store import Store
from flowstone.io.temporary import TemporaryDraft

if TYPE_CHECKING:
    from flowstone.io.aside import Aside


def open_store(
    name: str,
    root: str | None,
    options: Mapping[str, str | int | bool],
    project_root: Path,
    state: Path,
    tell: Callable[[str], None],
) -> Store[TemporaryDraft] | Store[Aside]:
    """The store at a root as the configuration has it. ``tell`` is told each step of publishing, when it is done.

    Errors: MissingExtraError; StorageError or ConfigurationError for a root that cannot be used.
    """
    if root is None:
        return FileStore(state / "data" / name, tell)
    cache = state / "cache" / "objects"
    if root.startswith(OBJECTS):
        from flowstone.io.object_store import ObjectStore

        return ObjectStore(name, root, {key: str(text) for key, text in options.items()}, cache, tell)
    if is_url(root):
        from flowstone.io.fsspec_store import FsspecStore

        return FsspecStore(name, root, options, cache, tell)
    return FileStore(project_root / Path(root).expanduser(), tell)
