"""Edits of a project's files as the protocol has them."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.lsp.editor import Editor
from flowstone.lsp.session import Session


def workspace_edit(editor: Editor, session: Session, edits: Iterable[Edit], *, versioned: bool) -> types.WorkspaceEdit:
    """Edits for the editor; with the versions of the open files, if it can take these."""
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.span.file, []).append(edit)
    texts = {
        editor.uri(session, path): [_text_edit(editor, session, edit) for edit in sorted(found)]
        for path, found in by_file.items()
    }
    if not versioned:
        return types.WorkspaceEdit(changes={uri: [*found] for uri, found in texts.items()})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=editor.version(uri)), [*found]
            )
            for uri, found in texts.items()
        ]
    )


def _text_edit(editor: Editor, session: Session, edit: Edit) -> types.TextEdit:
    text = editor.text(session, edit.span.file)
    start = text.position(edit.span.line, edit.span.column)
    end = text.position(edit.span.end_line, edit.span.end_column)
    written = edit.text.replace("\n", editor.line_end(session, edit.span.file)) if "\n" in edit.text else edit.text
    return types.TextEdit(types.Range(start, end), written)


def difference(path: str, old: str, new: str) -> Edit:
    """One edit that makes one text of another: of all that lies between what they have in common."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    (line, column), (end_line, end_column) = _place(old, head), _place(old, len(old) - tail)
    return Edit(Span(path, line, column, end_line, end_column), new[head : len(new) - tail])


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _common(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginnings."""
    return next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
