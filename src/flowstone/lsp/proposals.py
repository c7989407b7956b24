"""Completion as the protocol has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types

from flowstone.lsp.completion import Proposal, Proposals, propose
from flowstone.lsp.cursor import cursor_at
from flowstone.lsp.editor import File
from flowstone.lsp.hover import describe
from flowstone.lsp.mentions import Target
from flowstone.lsp.server import FlowStoneServer

_MOST = 100
"""Items in one answer: the editor asks again when more letters are there."""
_TRIGGERS = ['"', "'", "(", ","]
_KINDS = {
    "asset": types.CompletionItemKind.Variable,
    "resource": types.CompletionItemKind.Interface,
    "keyword": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.Value,
}


def add_completion(server: FlowStoneServer) -> None:
    """Answer these requests. They do not wait: a text that is being written is rarely sound."""
    options = types.CompletionOptions(trigger_characters=_TRIGGERS, resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def complete(params: types.CompletionParams) -> types.CompletionList | None:
        file = server.editor.file(params.text_document.uri)
        if file is None or file.session.loaded is None or file.session.settings is None:
            return None
        text = server.editor.text(file.session, file.path)
        line, column = text.place(params.position)
        if line > len(text.lines):
            return None
        cursor = cursor_at(text.lines, line, column)
        found = propose(file.session.loaded.project, cursor, file.session.settings.default_io_manager)
        start = text.position(line, column - len(found.prefix))
        return _list(file, found, types.Range(start, params.position))

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    def resolve(item: types.CompletionItem) -> types.CompletionItem:
        item.documentation = _documentation(server, item.data)
        return item


def _list(file: File, found: Proposals, place: types.Range) -> types.CompletionList:
    fitting = [item for item in found.items if _fits(item.label.lower(), found.prefix.lower())]
    fitting.sort(key=lambda item: not item.label.lower().startswith(found.prefix.lower()))
    shown = [_item(file, item, place) for item in dict.fromkeys(fitting[:_MOST])]
    return types.CompletionList(is_incomplete=len(fitting) > _MOST, items=shown)


def _item(file: File, item: Proposal, place: types.Range) -> types.CompletionItem:
    target = item.target
    return types.CompletionItem(
        label=item.label,
        kind=_KINDS[item.kind],
        detail=item.detail or None,
        filter_text=item.label,
        text_edit=types.TextEdit(place, item.insert or item.label),
        data=None if target is None else {"root": str(file.session.root), "kind": target.kind, "id": target.id},
    )


def _documentation(server: FlowStoneServer, data: Any) -> types.MarkupContent | None:
    if not isinstance(data, dict):
        return None
    session = server.editor.sessions.get(Path(data["root"]))
    if session is None or session.loaded is None:
        return None
    text = describe(session.loaded.project, Target(data["kind"], data["id"]))
    return None if text is None else server.content(text)


def _fits(label: str, prefix: str) -> bool:
    letters = iter(label)
    return all(letter in letters for letter in prefix)
