"""A source text with its syntax tree, in which a fix finds what it changes."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from flowstone.diagnostics.diagnostic import Edit, Fix, Span
from flowstone.diagnostics.position import column_at

Node = ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias
Function = ast.FunctionDef | ast.AsyncFunctionDef
_Place = tuple[int, int, int, int]


class SourceFile:
    """The text of one file. Everything that is made of it is made when it is first asked for."""

    def __init__(self, path: str, text: str, project: Sources) -> None:
        self.path = path
        self.text = text
        self._project = project

    @property
    def paths(self) -> Iterable[str]:
        """The paths of all files of the project."""
        return self._project.paths

    def other(self, path: str) -> SourceFile | None:
        """Another file of the project."""
        return self._project.get(path)

    @cached_property
    def lines(self) -> list[str]:
        """The lines as the parser counts them: a form feed does not end one."""
        return self.text.split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; an empty one if there is none, so that nothing is found in it."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree."""
        return list(ast.walk(self.tree))

    def at(self, span: Span) -> list[ast.AST]:
        """The nodes that take exactly this place, the outer ones first."""
        return self._by_place.get((span.line, span.column, span.end_line, span.end_column), [])

    @cached_property
    def _by_place(self) -> dict[_Place, list[ast.AST]]:
        found: dict[_Place, list[ast.AST]] = {}
        for node in self.nodes:
            if isinstance(node, Node):
                span = self.span(node)
                found.setdefault((span.line, span.column, span.end_line, span.end_column), []).append(node)
        return found

    def function(self, name: Span) -> Function | None:
        """The function whose name, or any of whose ``def`` line, is at a place."""
        for node in self.nodes:
            if isinstance(node, Function) and node.lineno == name.line and node.name == self.between(name):
                return node
        return None

    def span(self, node: Node) -> Span:
        """Place of a node."""
        end_line = node.end_lineno or node.lineno
        end = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return Span(
            self.path,
            node.lineno,
            column_at(self.lines, node.lineno, node.col_offset),
            end_line,
            column_at(self.lines, end_line, end),
        )

    def start(self, node: Node) -> Span:
        """The empty place before a node."""
        span = self.span(node)
        return Span(self.path, span.line, span.column, span.line, span.column)

    def end(self, node: Node) -> Span:
        """The empty place behind a node."""
        span = self.span(node)
        return Span(self.path, span.end_line, span.end_column, span.end_line, span.end_column)

    def between(self, span: Span) -> str:
        """The text at a place."""
        if span.line == span.end_line:
            return self.lines[span.line - 1][span.column - 1 : span.end_column - 1]
        first, last = self.lines[span.line - 1][span.column - 1 :], self.lines[span.end_line - 1][: span.end_column - 1]
        return "\n".join([first, *self.lines[span.line : span.end_line - 1], last])

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """The tokens without line ends and indents; those before the break if the file is broken."""
        return list(self._tokens())

    def _tokens(self) -> Iterator[tokenize.TokenInfo]:
        layout = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type not in layout:
                    yield token
        except (tokenize.TokenError, SyntaxError, ValueError):
            return

    def tokens_in(self, span: Span) -> list[tokenize.TokenInfo]:
        """The tokens that lie inside a place."""
        first, last = (span.line, span.column - 1), (span.end_line, span.end_column - 1)
        return [token for token in self.tokens if first <= token.start and token.end <= last]

    def has_comment(self, span: Span) -> bool:
        """Whether a comment would be lost with this place."""
        return "#" in self.between(span) and any(item.type == tokenize.COMMENT for item in self.tokens_in(span))

    def replace(self, span: Span, text: str) -> tuple[Edit, ...]:
        """The edit of a place, or none if it would take a comment away."""
        return () if self.has_comment(span) else (Edit(span, text),)


class Sources:
    """The source files of a project by path, each parsed once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._files: dict[str, SourceFile] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The paths of all files."""
        return self._texts

    def get(self, path: str) -> SourceFile | None:
        """The file of this path, if it is a source of the project."""
        if path not in self._files:
            if path not in self._texts:
                return None
            self._files[path] = SourceFile(path, self._texts[path], self)
        return self._files[path]


MakeFix = Callable[[Sources], Fix | None]
"""Makes the fix of a finding. None where the source is not written in a way that it can be changed surely."""


def either(*makes: MakeFix) -> MakeFix:
    """The first fix that can be made."""
    return lambda sources: next((fix for make in makes if (fix := make(sources)) is not None), None)


def in_file(path: str, title: str, edits: Callable[[SourceFile], tuple[Edit, ...]], *, safe: bool = False) -> MakeFix:
    """The fix of one file: what ``edits`` gives for it; no edits, no fix."""

    def make(sources: Sources) -> Fix | None:
        source = sources.get(path)
        try:
            found = edits(source) if source is not None else ()
        except RecursionError:  # nested more deeply than what is ever changed
            return None
        return Fix(title, found, safe=safe) if found else None

    return make
