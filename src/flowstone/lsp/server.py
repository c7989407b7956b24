"""The state of a server: what is open, what waits to be read, and what was shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import perf_counter

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from flowstone.__about__ import __version__
from flowstone.diagnostics.diagnostic import Edit
from flowstone.lsp.changes import workspace_edit
from flowstone.lsp.editor import Editor
from flowstone.lsp.names import ProjectNames
from flowstone.lsp.publish import Publisher
from flowstone.lsp.session import Session

_PAUSE = 0.002
"""Seconds without a change after which the project is read anew."""
_LONG = 0.1
"""Seconds that a reading may take; after a longer one the pause is as long, so that one can type meanwhile."""


class FlowStoneServer(LanguageServer):
    """The server of one editor. One thread does everything: a message waits while a project is read."""

    def __init__(self) -> None:
        super().__init__("flowstone", __version__, types.TextDocumentSyncKind.Full)
        self.editor = Editor()
        self.publisher = Publisher(self.editor)
        self.markup = types.MarkupKind.Markdown
        self.takes_versions = False
        """Whether edits may name the versions of the files that they are for."""
        self.resolves_edits = False
        """Whether the editor asks for the edits of an action once it is chosen."""
        self.was_shut_down = False
        self._names: dict[Session, ProjectNames] = {}
        self._waiting: dict[Session, asyncio.TimerHandle] = {}
        self._pauses: dict[Session, float] = {}
        self._up_to_date = asyncio.Event()

    def names(self, session: Session) -> ProjectNames:
        """The names of a project."""
        return self._names.setdefault(session, ProjectNames(session))

    def edit(self, session: Session, edits: Iterable[Edit]) -> types.WorkspaceEdit:
        """Edits as the editor can take them."""
        return workspace_edit(self.editor, session, edits, versioned=self.takes_versions)

    def content(self, text: str) -> types.MarkupContent:
        """A text as the editor can show it."""
        if self.markup is types.MarkupKind.PlainText:
            text = text.replace("**", "").replace("`", "")
        return types.MarkupContent(self.markup, text)

    async def settled(self) -> None:
        """Wait until everything that was told is read."""
        if self._waiting:
            await self._up_to_date.wait()

    def schedule(self, session: Session | None) -> None:
        """Bring a project up to date, once no further change comes."""
        if session is None:
            return
        self._up_to_date.clear()
        if session in self._waiting:
            self._waiting[session].cancel()
        pause = self._pauses.get(session, _PAUSE)
        self._waiting[session] = asyncio.get_running_loop().call_later(pause, self._refresh, session)

    def schedule_all(self) -> None:
        """Bring every project up to date that the editor has to do with."""
        for session in list(self.editor.sessions.values()):
            self.schedule(session)

    def _refresh(self, session: Session) -> None:
        started = perf_counter()
        self._waiting.pop(session, None)
        try:
            session.refresh()
            for item in self.publisher.changes(session):
                self.text_document_publish_diagnostics(item)
        finally:
            taken = perf_counter() - started
            self._pauses[session] = _LONG if taken > _LONG else _PAUSE
            if not self._waiting:
                self._up_to_date.set()

    def forget(self, session: Session) -> None:
        """Show nothing of a project any more."""
        self._names.pop(session, None)
        if session in self._waiting:
            self._waiting.pop(session).cancel()
        for item in self.publisher.forget(session):
            self.text_document_publish_diagnostics(item)
