"""The language server itself: the messages of the protocol, and what each of them leads to."""

from __future__ import annotations

import asyncio
from time import perf_counter

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from flowstone.__about__ import __version__
from flowstone.lsp.editor import Editor
from flowstone.lsp.publish import Publisher
from flowstone.lsp.session import Session

_PAUSE = 0.005
"""Seconds without a change after which the project is read anew."""
_LONG = 0.1
"""Seconds that a reading may take; after a longer one the pause is as long, so that one can type meanwhile."""
_WATCHED = ("**/*.py", "**/flowstone.toml", "**/pyproject.toml")


class FlowStoneServer(LanguageServer):
    """The server of one editor. One thread does everything: a message waits while a project is read."""

    def __init__(self) -> None:
        super().__init__("flowstone", __version__, types.TextDocumentSyncKind.Full)
        self.editor = Editor()
        self.publisher = Publisher(self.editor)
        self.was_shut_down = False
        self._waiting: dict[Session, asyncio.TimerHandle] = {}
        self._pauses: dict[Session, float] = {}
        self._up_to_date = asyncio.Event()

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
        if session in self._waiting:
            self._waiting.pop(session).cancel()
        for item in self.publisher.forget(session):
            self.text_document_publish_diagnostics(item)


def make_server() -> FlowStoneServer:
    """A server that knows all its messages."""
    server = FlowStoneServer()
    _add_life(server)
    _add_documents(server)
    return server


def serve() -> int:
    """Serve one editor over stdin and stdout, until it says so or goes away; 0 if it had asked to shut down before."""
    server = make_server()
    server.start_io()
    return 0 if server.was_shut_down else 1


def _add_life(server: FlowStoneServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.editor.encoding = server.workspace.position_encoding or types.PositionEncodingKind.Utf16
        text = params.capabilities.text_document
        published = text.publish_diagnostics if text else None
        server.publisher.shows_related = bool(published and published.related_information)
        folders = [item.uri for item in params.workspace_folders or ()]
        for uri in folders or filter(None, [server.workspace.root_uri]):
            server.editor.add_folder(uri)

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.Registration(id="flowstone-files", method=method, register_options=options)
            server.client_register_capability(types.RegistrationParams([registration]))
        server.schedule_all()

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:
        server.was_shut_down = True

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            for session in server.editor.remove_folder(folder.uri):
                server.forget(session)
        for folder in params.event.added:
            server.editor.add_folder(folder.uri)
        server.schedule_all()


def _add_documents(server: FlowStoneServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.schedule(server.editor.put(document.uri, document.text, document.version))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        for change in params.content_changes:
            server.schedule(server.editor.put(params.text_document.uri, change.text, params.text_document.version))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.schedule(server.editor.close(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        server.editor.look_again()
        server.schedule_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(_: types.DidChangeWatchedFilesParams) -> None:
        server.editor.look_again()
        server.schedule_all()
