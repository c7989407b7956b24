"""The source files of a project, compared with those that its fingerprints were made of, before they are imported.

A value that other code makes must not get the record of this one: it would be reused for ever.
"""

from __future__ import annotations

import ast
import sys
import threading
import warnings
from collections.abc import Collection, Iterable, Mapping
from io import FileIO
from pathlib import Path

from flowstone.errors import ConfigurationError
from flowstone.ir.source import SourceFile, syntax_digest, text_digest

_MARK = "__flowstone_source__"
"""Attribute of an imported module: the digest that its file had then."""
_HELP = "compile the project again, and deploy the sources and the compiled files together"


class Sources:
    """The files of one project. Each is looked at once."""

    def __init__(self, files: Mapping[str, SourceFile], import_roots: Iterable[str]) -> None:
        self._files = files
        self._import_roots = tuple(import_roots)
        self._same: set[str] = set()
        self._lock = threading.Lock()

    def demand(self, modules: Collection[str]) -> None:
        """Look at the files of modules, and of all that they import.

        What lies in no folder (in a zip archive, or compiled only) cannot be compared.

        Errors: ConfigurationError if one is not the file of which the project was made.
        """
        if not self._same.issuperset(modules):
            with self._lock:
                self._same.update(self._compared(modules))

    def mark(self) -> None:
        """Note which files were imported, so that another manifest in the same process is compared with these."""
        for name in self._same:
            module = sys.modules.get(name)
            if module is not None and name in self._files:
                vars(module).setdefault(_MARK, self._files[name].syntax)

    def _compared(self, modules: Collection[str]) -> set[str]:
        pending, seen = list(modules), set[str]()
        while pending:
            name = pending.pop()
            if name not in self._same and name not in seen:
                seen.add(name)
                file = self._files.get(name)
                if file is not None:
                    self._compare(name, file)
                    pending.extend(file.imports)
        return seen

    def _compare(self, name: str, file: SourceFile) -> None:
        module = sys.modules.get(name)
        marked = None if module is None else vars(module).get(_MARK)
        if marked is not None:
            if marked != file.syntax:
                message = f"{file.path} was imported by this process in another version than the one that was compiled"
                raise ConfigurationError(message, help="start the worker again")
            return
        path = self._path(name, getattr(module, "__file__", None))
        if path is not None and not _is_same(path, file):
            raise ConfigurationError(f"{file.path} is not the file that was compiled ({path})", help=_HELP)

    def _path(self, name: str, imported: str | None) -> str | None:
        """Where Python has found a module, or will find it."""
        if imported is not None:
            return imported if imported.endswith(".py") else None
        way = name.replace(".", "/")
        for folder in (*self._import_roots, *sys.path):
            for path in (Path(folder, way, "__init__.py"), Path(folder, f"{way}.py")):
                if path.is_file():
                    return str(path)
        return None


def _is_same(path: str, file: SourceFile) -> bool:
    with FileIO(path) as opened:  # half the time of a buffered file, and there may be hundreds
        data = opened.readall()
    if text_digest(data) == file.text:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return syntax_digest(ast.parse(data)) == file.syntax
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
