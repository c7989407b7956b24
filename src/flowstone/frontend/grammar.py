"""What Python's parser lets pass and its compiler refuses, such as ``return`` outside of a function.

Compiling takes nearly as long as parsing, and all that is wanted of it is whether it succeeds. Where there are many
texts, another process compiles them while this one parses.
"""

from __future__ import annotations

import ast
import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from flowstone.patterns import pattern

WORTH_A_PROCESS = 100_000
"""Characters of source below which starting another process takes longer than compiling them."""

_PARSER_DEPTH = 3_000
"""The parser goes three times as deep on the stack of the machine."""
_NEWER = (3, 12)
_LOOKS_NEWER = pattern(r"[ \t]*(?:type[ \t]+\w+[ \t]*[\[=]|(?:class|(?:async[ \t]+)?def)[ \t]+\w+[ \t]*\[)")
"""What came with that version: statements that define types, and type parameters."""
_FINE, _DOUBTFUL = b"1", b"0"


def parsed(text: str) -> ast.Module:
    """The syntax tree. Errors: SyntaxError; RecursionError, MemoryError for nesting that would exhaust the stack."""
    try:
        tree: ast.Module = _careful(ast.parse, text)
        return tree
    except UnicodeEncodeError as error:  # of Python 3.13 and later, which strips what it takes for documentation
        raise _half_a_character(error) from None


def advice(error: SyntaxError) -> str:
    """What to do about a syntax error: it may be none in a newer Python, whose grammar this one does not know."""
    newer = error.msg.startswith("f-string") or _LOOKS_NEWER.match(error.text or "") is not None
    if newer and sys.version_info < _NEWER:
        this, other = (".".join(map(str, version[:2])) for version in (sys.version_info, _NEWER))
        return f"FlowStone runs on Python {this} here: if this is written for {other}, run it on the project's Python"
    return "correct the syntax; the declarations in this file are not seen until then"


def compiled(tree: ast.Module) -> ast.Module:
    """The tree, if the compiler takes it. Errors: as of ``parsed``."""
    try:
        _careful(compile, tree, "", "exec", dont_inherit=True)
    except UnicodeEncodeError as error:
        raise _half_a_character(error) from None
    return tree


def _half_a_character(error: UnicodeEncodeError) -> SyntaxError:
    return SyntaxError(f"a docstring holds half a character: {error.object[error.start]!a}")


def _careful(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(min(limit, _PARSER_DEPTH))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **options)
    finally:
        sys.setrecursionlimit(limit)


class Compilation:
    """Texts that another process compiles meanwhile. ``fine`` tells which it took; of the others nothing is known.

    Errors: OSError if no process can be had.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._names = dict.fromkeys(texts)
        self._reads, writes = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._reads)
            os.close(writes)
            raise
        if self._process == 0:
            _compile_all(texts.values(), writes)
        os.close(writes)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def fine(self) -> frozenset[str]:
        """The names of the texts that compile, once all are done. To be called once."""
        with os.fdopen(self._reads, "rb") as pipe:
            answers = pipe.read()
        os.waitpid(self._process, 0)
        return frozenset(name for name, answer in zip(self._names, answers, strict=False) if answer == _FINE[0])


def beside(texts: Mapping[str, str]) -> Compilation | None:
    """Have the texts compiled by another process; None if they are few, or a process cannot be had by forking."""
    if sum(map(len, texts.values())) < WORTH_A_PROCESS or not _can_fork():
        return None
    try:
        return Compilation(texts)
    except OSError:  # no more processes: it takes a little longer
        return None


def _can_fork() -> bool:
    """Forking with other threads may block for ever, and with one processor nothing is gained."""
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _compile_all(texts: Any, pipe: int) -> None:
    """In the other process: one character for each text; never returns."""
    try:
        for text in texts:
            os.write(pipe, _FINE if _is_fine(text) else _DOUBTFUL)
    finally:
        os._exit(0)


def _is_fine(text: str) -> bool:
    try:
        _careful(compile, text, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
