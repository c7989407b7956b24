"""All that an editor has open, and the projects that it belongs to. Knows files and places, and no transport."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from flowstone.config.files import FLOWSTONE_TOML, PYPROJECT
from flowstone.lsp.disk import project_of
from flowstone.lsp.session import Session
from flowstone.lsp.text import Text, normal


@dataclass(frozen=True)
class Document:
    """A file that is open in the editor."""

    uri: str
    path: Path
    text: str
    version: int | None
    line_end: str


@dataclass(frozen=True)
class File:
    """A file of a project."""

    session: Session
    path: str
    """Relative to the project's folder."""


class Editor:
    """What is open, by URI, and a session for each project."""

    def __init__(self) -> None:
        self.encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16
        self.sessions: dict[Path, Session] = {}
        self._documents: dict[str, Document] = {}
        self._uris: dict[Path, str] = {}

    # -- what happens in the editor --------------------------------------------------------------------------------

    def add_folder(self, uri: str) -> None:
        """Take notice of a folder: its project, if it has one, is read even while no file is open."""
        path = path_of(uri)
        if path is not None and path.is_dir():
            self._session(path)

    def remove_folder(self, uri: str) -> list[Session]:
        """Forget the projects in a folder of which no file is open; these are returned."""
        path = path_of(uri)
        opened = {self.file(document.uri) for document in self._documents.values()}
        used = {file.session.root for file in opened if file is not None}
        gone = [
            session
            for root, session in self.sessions.items()
            if path is not None and root.is_relative_to(path.resolve()) and root not in used
        ]
        for session in gone:
            del self.sessions[session.root]
        return gone

    def put(self, uri: str, text: str, version: int | None) -> Session | None:
        """Note the text of an open file; the session that has to be brought up to date."""
        path = path_of(uri)
        if path is None:
            return None
        line_end = "\r\n" if "\r\n" in text else "\n"
        self._documents[uri] = Document(uri, path, normal(text), version, line_end)
        self._uris[path] = uri
        return self._note(uri, self._documents[uri].text)

    def close(self, uri: str) -> Session | None:
        """Forget an open file; the session that has to be brought up to date."""
        document = self._documents.pop(uri, None)
        if document is None:
            return None
        self._uris.pop(document.path, None)
        return self._note(uri, None)

    def _note(self, uri: str, text: str | None) -> Session | None:
        file = self.file(uri)
        if file is None:
            return None
        file.session.set_text(file.path, text)
        return file.session

    def look_again(self) -> None:
        """Let every session look at the disk, and find projects that have come or gone for open files."""
        for document in self._documents.values():
            file = self.file(document.uri)
            if file is not None and not file.session.has(file.path):
                file.session.set_text(file.path, document.text)
        for session in self.sessions.values():
            session.look_again()

    # -- where things are ------------------------------------------------------------------------------------------

    def document(self, uri: str) -> Document | None:
        """An open file."""
        return self._documents.get(uri)

    def file(self, uri: str) -> File | None:
        """The file of a project that a URI means; None if it is in no project."""
        path = path_of(uri)
        if path is None:
            return None
        session = self._session(path.parent)
        if session is None:
            return None
        for candidate in (path, Path(os.path.realpath(path))):
            if candidate.is_relative_to(session.root):
                return File(session, candidate.relative_to(session.root).as_posix())
        return None

    def _session(self, folder: Path) -> Session | None:
        root = project_of(folder)
        if root is None:
            return None
        if root not in self.sessions:
            self.sessions[root] = Session(root)
        return self.sessions[root]

    def uri(self, session: Session, path: str) -> str:
        """The URI of a project's file: the editor's own if it is open."""
        return self._uri_of(session.root / path)

    def _uri_of(self, path: Path) -> str:
        if path in self._uris:
            return self._uris[path]
        known = next((uri for other, uri in self._uris.items() if os.path.realpath(other) == str(path)), None)
        return known or from_fs_path(str(path)) or path.as_uri()

    def version(self, uri: str) -> int | None:
        """The version of an open file."""
        document = self._documents.get(uri)
        return None if document is None else document.version

    def text(self, session: Session, path: str) -> Text:
        """The present text of a project's file, or nothing if it cannot be read."""
        return Text(session.text(path) or self._config_text(session, path), self.encoding)

    def _config_text(self, session: Session, path: str) -> str:
        if path not in (FLOWSTONE_TOML, PYPROJECT):
            return ""
        document = self._documents.get(self.uri(session, path))
        if document is not None:
            return document.text
        try:
            return normal((session.root / path).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""

    def line_end(self, session: Session, path: str) -> str:
        """What ends the lines of a file."""
        document = self._documents.get(self.uri(session, path))
        if document is not None:
            return document.line_end
        try:
            return "\r\n" if b"\r\n" in (session.root / path).read_bytes() else "\n"
        except OSError:
            return "\n"

    def open_files(self) -> Iterator[File]:
        """The open files that belong to a project."""
        for uri in self._documents:
            file = self.file(uri)
            if file is not None:
                yield file


def path_of(uri: str) -> Path | None:
    """The path that a URI means; None for what is no file."""
    path = to_fs_path(uri)
    return None if path is None else Path(os.path.abspath(path))  # noqa: PTH100 - symbolic links stay
