"""Renaming as the protocol has it."""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from flowstone.lsp.navigation import found_at
from flowstone.lsp.renaming import RefusedError, place_to_rename, rename
from flowstone.lsp.server import FlowStoneServer


class RequestFailedError(JsonRpcException):
    """A request that is right and cannot be fulfilled; the editor shows the message."""

    CODE = types.LSPErrorCodes.RequestFailed
    MESSAGE = "Request failed"


def add_renaming(server: FlowStoneServer) -> None:
    """Answer these requests."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None or not found[0].session.is_current(found[0].path):
            return None
        file, mention = found
        try:
            span, target = place_to_rename(server.names(file.session), mention)
        except RefusedError as refused:
            raise RequestFailedError(str(refused)) from None
        place = server.editor.text(file.session, file.path).range(span)
        return types.PrepareRenamePlaceholder(range=place, placeholder=target.name)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def change(params: types.RenameParams) -> types.WorkspaceEdit | None:
        await server.settled()
        found = found_at(server, params.text_document.uri, params.position)
        if found is None:
            return None
        file, mention = found
        names = server.names(file.session)
        try:
            _, target = place_to_rename(names, mention)
            return server.edit(file.session, rename(file.session, names, target, params.new_name))
        except RefusedError as refused:
            raise RequestFailedError(str(refused)) from None
