"""Hover, definition, references, highlights and symbols: what only looks."""

from __future__ import annotations

from lsprotocol import types

from flowstone.diagnostics.diagnostic import Span
from flowstone.lsp.editor import File
from flowstone.lsp.hover import describe, value
from flowstone.lsp.mentions import Mention
from flowstone.lsp.server import FlowStoneServer
from flowstone.lsp.symbols import document_symbols, workspace_symbols


def add_navigation(server: FlowStoneServer) -> None:
    """Answer these requests."""
    _add_hover(server)
    _add_places(server)
    _add_symbols(server)


def found_at(server: FlowStoneServer, uri: str, position: types.Position) -> tuple[File, Mention] | None:
    """What is meant at the editor's place."""
    file = server.editor.file(uri)
    if file is None:
        return None
    line, column = server.editor.text(file.session, file.path).place(position)
    mention = server.names(file.session).at(file.path, line, column)
    return None if mention is None else (file, mention)


def location(server: FlowStoneServer, file: File, span: Span) -> types.Location:
    """A place in the file's project."""
    uri = server.editor.uri(file.session, span.file)
    return types.Location(uri, server.editor.text(file.session, span.file).range(span))


def _add_hover(server: FlowStoneServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None:
            return _hover_value(server, params)
        file, mention = found
        project = server.names(file.session).project
        assert project is not None
        texts = [text for target in mention.targets if (text := describe(project, target)) is not None]
        return _hover(server, file, mention.span, "\n\n---\n\n".join(texts)) if texts else None


def _hover(server: FlowStoneServer, file: File, span: Span, text: str) -> types.Hover:
    return types.Hover(server.content(text), server.editor.text(file.session, file.path).range(span))


def _hover_value(server: FlowStoneServer, params: types.HoverParams) -> types.Hover | None:
    """The value of a keyword, such as the partitions that a name stands for."""
    file = server.editor.file(params.text_document.uri)
    if file is None or file.session.loaded is None or not file.session.is_current(file.path):
        return None
    line, column = server.editor.text(file.session, file.path).place(params.position)
    for step in file.session.loaded.project.steps.values():
        for keyword, item in (("partitioned_by", step.partitions), ("schedule", step.schedule)):
            place = step.keywords.get(keyword)
            if item is None or place is None or (place.file, place.line) != (file.path, line):
                continue
            if place.line == place.end_line and place.column <= column <= place.end_column:
                span = Span(place.file, place.line, place.column, place.end_line, place.end_column)
                return _hover(server, file, span, f"`{value(item)}`")
    return None


def _add_places(server: FlowStoneServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None:
            return None
        file, mention = found
        places = [server.names(file.session).declaration(target) for target in mention.targets]
        return [location(server, file, place) for place in dict.fromkeys(places) if place is not None] or None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location] | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None:
            return None
        file, mention = found
        return [location(server, file, span) for span in _spans(server, file, mention, params.context)]

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None:
            return None
        file, mention = found
        text = server.editor.text(file.session, file.path)
        same = [
            item for item in server.names(file.session).in_file(file.path) if set(item.targets) & set(mention.targets)
        ]
        return [types.DocumentHighlight(text.range(item.span)) for item in same]


def _spans(server: FlowStoneServer, file: File, mention: Mention, context: types.ReferenceContext) -> list[Span]:
    names = server.names(file.session)
    found: dict[Span, None] = {}
    for target in mention.targets:
        declared = names.declaration(target)
        if context.include_declaration and declared is not None:
            found[declared] = None
        found.update((item.span, None) for item in names.references(target))
    return list(found)


def _add_symbols(server: FlowStoneServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def in_document(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        await server.settled()
        file = server.editor.file(params.text_document.uri)
        return [] if file is None else document_symbols(server.editor, file.session, file.path)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def in_workspace(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        await server.settled()
        return workspace_symbols(server.editor, params.query)
