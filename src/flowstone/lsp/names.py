"""What is meant at a place of a project, and where else it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.lookup import AssetNames
from flowstone.frontend.modules import Module
from flowstone.frontend.places import span_of
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.lsp.mentions import Declaration, Mention, Mentions, Target, declarations
from flowstone.lsp.scopes import Function
from flowstone.lsp.session import Session

_WORD = re.compile(r"[A-Za-z_][\w.]*")


class ProjectNames:
    """The names of a session's project, as it is now. Parsed files are kept as long as their text stays."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._modules: dict[str, Module] = {}

    @property
    def project(self) -> Project | None:
        return None if self._session.loaded is None else self._session.loaded.project

    def module(self, path: str) -> Module | None:
        """The parsed file, of the text that the project was made of."""
        loaded = self._session.loaded
        text = None if loaded is None else loaded.sources.get(path)
        known = self._modules.get(path)
        if text is None or (known is not None and known.source == text):
            return known if text is not None else None
        try:
            self._modules[path] = Module("", path, text, ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return self._modules[path]

    def in_file(self, path: str) -> list[Mention]:
        """The mentions in a file, as the project knows it."""
        module, project = self.module(path), self.project
        return [] if module is None or project is None else Mentions(project).of(module)

    def at(self, path: str, line: int, column: int) -> Mention | None:
        """What is meant at a place: the smallest mention around it. In a broken text the word at the place decides."""
        if not self._session.is_current(path):
            return self._by_word(path, line, column)
        around = [item for item in self.in_file(path) if _holds(item.span, line, column)]
        return min(around, key=lambda item: item.span.end_column - item.span.column, default=None)

    def _by_word(self, path: str, line: int, column: int) -> Mention | None:
        text, project = self._session.text(path), self.project
        lines = [] if text is None else text.split("\n")
        if project is None or line > len(lines):
            return None
        for word in _WORD.finditer(lines[line - 1]):
            if word.start() <= column - 1 <= word.end():
                target = _target(project, word[0])
                span = Span(path, line, word.start() + 1, line, word.end() + 1)
                return None if target is None else Mention(span, (target,), "use")
        return None

    def function(self, place: Location) -> Function | None:
        """The function whose name stands at a place."""
        module = self.module(place.file)
        for node in [] if module is None else ast.walk(module.tree):
            if isinstance(node, Function) and module is not None:
                span = module.name_span(node)
                if (span.line, span.column) == (place.line, place.column):
                    return node
        return None

    def function_span(self, item: Declaration) -> Span:
        """The name of the function of a declaration."""
        return span_of(item.location)

    def declaration(self, target: Target) -> Span | None:
        """Where something is declared."""
        project = self.project
        if project is None:
            return None
        if target.kind == "asset" and target.id in project.assets:
            return self._declared(target, span_of(project.assets[target.id].location))
        if target.kind == "resource" and target.id in project.resources:
            return span_of(project.resources[target.id].location)
        if target.kind == "job" and target.id in project.jobs:
            place = project.jobs[target.id].location
            return None if place is None else self._declared(target, span_of(place))
        return None

    def _declared(self, target: Target, place: Span) -> Span:
        """The name itself, where it is written out."""
        found = (item for item in self.in_file(place.file) if item.role == "declaration" and target in item.targets)
        return next((item.span for item in found), place)

    def references(self, target: Target) -> Iterator[Mention]:
        """Everywhere else in the project: parameters and texts, and expressions whose value is the name."""
        for path in sorted(self.files_with(target)):
            written = [item for item in self.in_file(path) if target in item.targets]
            yield from (item for item in written if item.role in ("parameter", "alias", "string", "value"))
            for place in self._uses(target, path):
                if not any(_overlap(place, item.span) for item in written):
                    yield Mention(place, (target,), "use")

    def _uses(self, target: Target, path: str) -> Iterator[Span]:
        """Where the intermediate representation has the target in a file."""
        project = self.project
        assert project is not None
        for item in declarations(project):
            if item.location.file != path:
                continue
            if target.kind == "job":
                used = [item.job_location] if isinstance(item, Sensor) and item.job == target.id else []
            elif target.kind == "asset":
                used = [each.location for each in item.signature.dependencies if each.asset == target.id]
            else:
                used = [each.location for each in item.signature.resources if each.resource == target.id]
            yield from (span_of(place) for place in used if place.file == path)

    def files_with(self, target: Target) -> set[str]:
        """The files that may mention something."""
        loaded = self._session.loaded
        if loaded is None:
            return set()
        word = re.compile(rf"\b{re.escape(target.name)}\b")
        found = {path for path, text in loaded.sources.items() if target.name in text and word.search(text)}
        for item in declarations(loaded.project):
            used = {each.asset for each in item.signature.dependencies}
            used |= {each.resource for each in item.signature.resources}
            used |= {item.job} if isinstance(item, Sensor) else set()
            if target.id in used:
                found.add(item.location.file)
        return found & loaded.sources.keys()


def _target(project: Project, word: str) -> Target | None:
    asset = AssetNames(project.assets).find(word, None).one
    if asset is not None:
        return Target("asset", asset)
    return Target("resource", word) if word in project.resources else None


def _holds(span: Span, line: int, column: int) -> bool:
    return span.line == line == span.end_line and span.column <= column <= span.end_column


def _overlap(one: Span, other: Span) -> bool:
    return (one.line, one.column) < (other.end_line, other.end_column) and (other.line, other.column) < (
        one.end_line,
        one.end_column,
    )
