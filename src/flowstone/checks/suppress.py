"""Comments that hide findings: ``# flowstone: ignore[FS301]`` in a line, ``# flowstone: ignore-file[FS301]`` in a file.

A comment on a line hides findings that begin on that line. On the first or last line of a declaration's head (its
decorators and ``def``), or of a statement over several lines, it hides those that begin anywhere in it.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from flowstone.checks.catalog import code_or_word, codes
from flowstone.checks.policy import is_fixed
from flowstone.checks.selection import NEVER_IGNORED
from flowstone.checks.unused_ignores import ignore_fix
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.patterns import pattern

UNUSED_IGNORE = "FS011"

_MARK = pattern(r"#\s*flowstone:\s*ignore(?P<file>-file)?\b(?:\s*\[(?P<codes>[^\]]*)\])?")
_Key = tuple[str, int | None, str]
"""File, line (None for the whole file) and code."""


class Ignore(Struct, frozen=True):
    """One code in a comment that hides findings."""

    code: str
    """Empty if the comment names none."""
    span: Span
    """The comment."""
    whole_file: bool
    inside: bool = False
    """Whether something else stands before it in the same comment."""

    @property
    def key(self) -> _Key:
        return self.span.file, None if self.whole_file else self.span.line, self.code


def suppress(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """The diagnostics that no comment hides, and one for each comment that hides nothing."""
    marked = {file: text for file, text in sources.items() if "flowstone:" in text}
    ignores = [ignore for file, text in marked.items() for ignore in find_ignores(file, text)]
    if not ignores:
        return tuple(diagnostics)
    by_key = {ignore.key: ignore for ignore in ignores}
    heads = {file: _heads(marked[file]) for file in {ignore.span.file for ignore in ignores}}
    used: set[_Key] = set()
    kept = [item for item in diagnostics if not _hidden(item, by_key, heads, used)]
    unused = [
        _unused(ignore, marked[ignore.span.file])
        for ignore in ignores
        if ignore.key not in used and ignore.code != UNUSED_IGNORE
    ]
    return (*kept, *(item for item in unused if not _hidden(item, by_key, heads, used)))


def find_ignores(file: str, text: str) -> Iterator[Ignore]:
    """The codes in the comments of a source text; what stands in strings is no comment."""
    for token in _comments(text):
        mark = _MARK.search(token.string)
        if mark is None:
            continue
        line, column = token.start
        span = Span(file, line, column + mark.start() + 1, line, column + mark.end() + 1)
        listed = [code_or_word(word.strip()) for word in (mark["codes"] or "").split(",") if word.strip()]
        for code in dict.fromkeys(listed or [""]):
            yield Ignore(code, span, mark["file"] is not None, inside=mark.start() > 0)


def _comments(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token
    except (tokenize.TokenError, SyntaxError, ValueError):
        return  # a broken file: what comes before the break counts


def _hidden(
    item: Diagnostic, ignores: Mapping[_Key, Ignore], heads: Mapping[str, dict[int, set[int]]], used: set[_Key]
) -> bool:
    file, line = item.span.file, item.span.line
    if file not in heads or is_fixed(item):
        return False
    found = False
    for place in (None, line, *heads[file].get(line, ())):
        key = (file, place, item.code)
        if key in ignores:
            used.add(key)
            found = True
    return found


def _heads(text: str) -> dict[int, set[int]]:
    """For each line of a declaration's head or of a statement: the lines whose comments speak for all of it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[int, set[int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            last = max(node.lineno, node.body[0].lineno - 1)
            speaking = {first, node.lineno, last}
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
            first, last = node.lineno, node.end_lineno or node.lineno
            speaking = {first, last}
        else:
            continue
        for line in range(first, last + 1):
            found.setdefault(line, speaking)
    return found


def _unused(ignore: Ignore, text: str) -> Diagnostic:
    known = codes()
    about = ""
    if not ignore.code:
        message, advice = "the comment names no code", "write for example # flowstone: ignore[FS301]"
    elif ignore.code not in known:
        message = f"there is no diagnostic {ignore.code!r}"
        advice = (
            did_you_mean(ignore.code.upper(), known)
            or did_you_mean(ignore.code.lower(), known.values())
            or "flowstone explain --all lists them"
        )
    elif ignore.code in NEVER_IGNORED:
        message, advice = (
            f"{ignore.code} cannot be ignored: it is about what cannot be carried out",
            "remove the comment",
        )
    else:
        message, advice = f"nothing is found here that {ignore.code} would hide", "remove it from the comment"
        about = ignore.code
    fix = ignore_fix(ignore, text)
    return Diagnostic(UNUSED_IGNORE, Severity.WARNING, message, ignore.span, advice, fix=fix, about=about)
