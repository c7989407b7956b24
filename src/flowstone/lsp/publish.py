"""Findings as the editor shows them."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.lsp.editor import Editor
from flowstone.lsp.session import Session

SOURCE = "flowstone"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_NEEDLESS = frozenset({"FS011"})
"""Findings about something that could as well not be there."""


class Publisher:
    """Makes what is to be published: every file whose findings or whose version are not those of the last time."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._published: dict[Session, dict[str, types.PublishDiagnosticsParams]] = {}
        self.shows_related = True
        """Whether the editor shows further places."""

    def changes(self, session: Session) -> Iterator[types.PublishDiagnosticsParams]:
        """What has changed for the editor, the files without findings any more at the end."""
        before = self._published.get(session, {})
        now = {item.uri: item for item in self._all(session)}
        self._published[session] = now
        yield from (item for uri, item in now.items() if item != before.get(uri))
        yield from (types.PublishDiagnosticsParams(uri, []) for uri in before.keys() - now.keys())

    def forget(self, session: Session) -> Iterator[types.PublishDiagnosticsParams]:
        """Nothing for every file of a session."""
        yield from (types.PublishDiagnosticsParams(uri, []) for uri in self._published.pop(session, {}))

    def _all(self, session: Session) -> Iterator[types.PublishDiagnosticsParams]:
        found: dict[str, list[Diagnostic]] = {}
        for file in self._editor.open_files():
            if file.session is session and session.knows(file.path):
                found[file.path] = []
        for item in session.findings:
            found.setdefault(item.span.file, []).append(item)
        for path, items in found.items():
            uri = self._editor.uri(session, path)
            shown = [self.diagnostic(session, item) for item in items]
            yield types.PublishDiagnosticsParams(uri, shown, self._editor.version(uri))

    def diagnostic(self, session: Session, item: Diagnostic) -> types.Diagnostic:
        """One finding; what to do about it stands on a line of its own."""
        return types.Diagnostic(
            range=self._editor.text(session, item.span.file).range(item.span),
            message=item.message if item.help is None else f"{item.message}\nhelp: {item.help}",
            severity=_SEVERITIES[item.severity],
            code=item.code,
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if item.code in _NEEDLESS else None,
            related_information=self._related(session, item) if self.shows_related else None,
        )

    def _related(self, session: Session, item: Diagnostic) -> list[types.DiagnosticRelatedInformation] | None:
        places = [
            types.DiagnosticRelatedInformation(
                types.Location(
                    self._editor.uri(session, more.span.file),
                    self._editor.text(session, more.span.file).range(more.span),
                ),
                more.message,
            )
            for more in item.related
        ]
        return places or None
