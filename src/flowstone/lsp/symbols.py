"""The assets, resources, checks, sensors and jobs of a file or a project, as an editor lists them."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.places import span_of
from flowstone.ir.project import Project
from flowstone.lsp.editor import Editor
from flowstone.lsp.session import Session

_KINDS = {
    "asset": types.SymbolKind.Function,
    "check": types.SymbolKind.Boolean,
    "resource": types.SymbolKind.Interface,
    "job": types.SymbolKind.Event,
    "sensor": types.SymbolKind.Event,
}


def _declared(project: Project) -> Iterator[tuple[str, str, Span]]:
    """Kind, name and place of everything that is declared."""
    for asset in project.assets.values():
        yield "asset", asset.id, span_of(asset.location)
    for check in project.checks:
        yield "check", check.name, span_of(check.location)
    for resource in project.resources.values():
        yield "resource", resource.name, span_of(resource.location)
    for sensor in project.sensors.values():
        yield "sensor", sensor.name, span_of(sensor.location)
    for job in project.jobs.values():
        if job.location is not None:
            yield "job", job.name, span_of(job.location)


def document_symbols(editor: Editor, session: Session, path: str) -> list[types.DocumentSymbol]:
    """What one file declares, from top to bottom."""
    if session.loaded is None:
        return []
    text = editor.text(session, path)
    return [
        types.DocumentSymbol(
            name=name, kind=_KINDS[kind], range=text.range(span), selection_range=text.range(span), detail=kind
        )
        for kind, name, span in sorted(_declared(session.loaded.project), key=lambda item: item[2])
        if span.file == path
    ]


def workspace_symbols(editor: Editor, query: str) -> list[types.WorkspaceSymbol]:
    """What all projects declare whose names have the letters of the query, in their order."""
    return [
        types.WorkspaceSymbol(
            location=types.Location(editor.uri(session, span.file), editor.text(session, span.file).range(span)),
            name=name,
            kind=_KINDS[kind],
            container_name=kind,
        )
        for session in editor.sessions.values()
        if session.loaded is not None
        for kind, name, span in _declared(session.loaded.project)
        if _has(name.lower(), query.lower())
    ]


def _has(name: str, query: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in query)
