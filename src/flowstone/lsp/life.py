"""The beginning and the end of a server, and what happens to files and folders in between."""

from __future__ import annotations

from lsprotocol import types

from flowstone.lsp.server import FlowStoneServer

_WATCHED = ("**/*.py", "**/flowstone.toml", "**/pyproject.toml")


def add_life(server: FlowStoneServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.editor.encoding = server.workspace.position_encoding or types.PositionEncodingKind.Utf16
        text = params.capabilities.text_document
        published = text.publish_diagnostics if text else None
        formats = text.hover.content_format if text and text.hover else None
        if formats and types.MarkupKind.Markdown not in formats:
            server.markup = types.MarkupKind.PlainText
        server.publisher.shows_related = bool(published and published.related_information)
        edits = params.capabilities.workspace.workspace_edit if params.capabilities.workspace else None
        server.takes_versions = bool(edits and edits.document_changes)
        resolve = text.code_action.resolve_support if text and text.code_action else None
        server.resolves_edits = bool(resolve and "edit" in resolve.properties)
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


def add_documents(server: FlowStoneServer) -> None:
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
