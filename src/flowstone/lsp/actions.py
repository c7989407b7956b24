"""Code actions: fixes of findings, all safe fixes of a file, and comments that hide a finding."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from lsprotocol import types

from flowstone.checks.fixing import fix_findings
from flowstone.checks.selection import NEVER_IGNORED
from flowstone.checks.suppress import UNUSED_IGNORE, find_ignores
from flowstone.diagnostics.diagnostic import Diagnostic, Edit, Span
from flowstone.fixes.edits import apply_edits
from flowstone.lsp.broken import CONFIGURATION
from flowstone.lsp.changes import difference
from flowstone.lsp.editor import File
from flowstone.lsp.server import FlowStoneServer
from flowstone.lsp.text import Text

FIX_ALL = "source.fixAll.flowstone"
_MARK = "# flowstone: ignore["


def add_actions(server: FlowStoneServer) -> None:
    """Answer these requests."""
    kinds = [types.CodeActionKind.QuickFix, FIX_ALL]
    options = types.CodeActionOptions(code_action_kinds=kinds, resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        await server.settled()
        file = server.editor.file(params.text_document.uri)
        if file is None or not file.session.is_current(file.path):
            return []
        only = params.context.only
        found: list[types.CodeAction] = []
        if _wanted(only, types.CodeActionKind.QuickFix):
            found += _quick_fixes(server, file, params)
        if _wanted(only, FIX_ALL) and any(_is_safe(item, file.path) for item in file.session.findings):
            data = {"uri": params.text_document.uri}
            action = types.CodeAction("Fix all that FlowStone can fix safely", kind=FIX_ALL, data=data)
            found.append(_fixed(server, action) if only and not server.resolves_edits else action)
        return found

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        await server.settled()
        return _fixed(server, action)


def _wanted(only: Any, kind: str) -> bool:
    """Whether a kind of action, or one that it belongs to, is asked for."""
    return not only or any(kind == str(_value(item)) or kind.startswith(f"{_value(item)}.") for item in only)


def _value(kind: Any) -> str:
    return str(getattr(kind, "value", kind))


def _quick_fixes(server: FlowStoneServer, file: File, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    text = server.editor.text(file.session, file.path)
    for item in file.session.findings:
        if item.span.file != file.path or not _touch(text.range(item.span), params.range):
            continue
        shown = [each for each in params.context.diagnostics if each.code == item.code] or None
        if item.fix is not None and all(file.session.is_current(edit.span.file) for edit in item.fix.edits):
            edit = server.edit(file.session, item.fix.edits)
            yield types.CodeAction(
                item.fix.title, types.CodeActionKind.QuickFix, shown, is_preferred=item.fix.safe, edit=edit
            )
        ignore = ignoring(file.path, text.text, item)
        if ignore is not None:
            title = f"Ignore {item.code} here with a comment"
            edit = server.edit(file.session, [ignore])
            yield types.CodeAction(title, types.CodeActionKind.QuickFix, shown, is_preferred=False, edit=edit)


def _touch(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _is_safe(item: Diagnostic, path: str) -> bool:
    """Whether a finding can be put right without a doubt, within its file."""
    return item.fix is not None and item.fix.safe and all(edit.span.file == path for edit in item.fix.edits)


def _fixed(server: FlowStoneServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit: all safe fixes of a file, proved together."""
    file = server.editor.file(action.data["uri"]) if isinstance(action.data, dict) else None
    if file is None or file.session.settings is None or file.session.loaded is None:
        return action
    shown = {(item.code, item.message) for item in file.session.findings}
    outcome = fix_findings(
        file.session.settings,
        lambda item: _is_safe(item, file.path) and (item.code, item.message) in shown,
        lambda _: True,
        texts=file.session.loaded.sources,
    )
    new = outcome.changed.get(file.path)
    old = file.session.text(file.path)
    if new is not None and old is not None:
        action.edit = server.edit(file.session, [difference(file.path, old, new)])
    return action


def ignoring(path: str, text: str, item: Diagnostic) -> Edit | None:
    """The edit that hides a finding by a comment on its line; None where that is not possible."""
    if item.code in NEVER_IGNORED or item.code in (UNUSED_IGNORE, CONFIGURATION):
        return None
    line = Text(text).line(item.span.line)
    known = [each for each in find_ignores(path, text) if each.span.line == item.span.line and not each.whole_file]
    if known:
        place = known[-1].span.end_column - 1
        if line[place - 1 : place] != "]":
            return None
        edit = Edit(Span(path, item.span.line, place, item.span.line, place), f", {item.code}")
    else:
        end = len(line.rstrip()) + 1
        written = f"{' ' if '#' in line else '  '}{_MARK}{item.code}]"
        edit = Edit(Span(path, item.span.line, end, item.span.line, len(line) + 1), written)
    return edit if _hides(path, text, edit, item) else None


def _hides(path: str, text: str, edit: Edit, item: Diagnostic) -> bool:
    """Whether the text with the comment means the same, and the comment is one: it may have come into a string."""
    after = apply_edits(text, [edit])
    try:
        same = ast.dump(ast.parse(after)) == ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return same and any(
        each.code == item.code and each.span.line == item.span.line for each in find_ignores(path, after)
    )
