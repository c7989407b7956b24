"""Ways through a function: how it can end without having returned, or yielded, a value.

As type checkers do it: each branch may be taken, whatever its condition says. Where types might tell that one of the
listed cases always holds, the list counts as complete: what is not known is not told.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bodies.cases import is_open, may_be_all, negated, truth
from flowstone.frontend.bodies.origins import Origins
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
_ENDLESS = frozenset({"count", "cycle", "repeat"})
_COUNTING = frozenset({"enumerate", "range"})


class Ending(Struct, frozen=True):
    """A way in which a function ends without a value."""

    kind: Literal["ends", "returns nothing", "ends before yield", "returns before yield"]
    node: ast.stmt
    """The ``return``, or the statement behind which the function ends."""


class Surroundings(Struct, frozen=True):
    """What the statements of a function cannot tell by themselves."""

    never_returns: Callable[[ast.Call], bool]
    """Whether a call always ends the function: ``sys.exit()``, a function that is annotated ``NoReturn``."""
    swallows: Callable[[ast.expr], bool]
    """Whether a context manager certainly keeps back exceptions."""


def is_stub(function: _Function) -> bool:
    """Whether the body is none: ``...``, ``pass``, a docstring alone, ``raise NotImplementedError``."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):  # a docstring, or '...'
        body = body[1:]
    if not body:
        return True
    (first, *more) = body
    if isinstance(first, ast.Raise) and first.exc is not None:
        raised = first.exc.func if isinstance(first.exc, ast.Call) else first.exc
        return not more and isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    blank = isinstance(first, ast.Pass) or (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant))
    return blank and not more


def endings(function: _Function, surroundings: Surroundings) -> list[Ending]:
    """The ways in which a function ends without a value, by place."""
    return [] if is_stub(function) else _endings(function, surroundings, yields=False)


def endings_without_yield(function: _Function, surroundings: Surroundings) -> list[Ending]:
    """The ways in which a generator function ends before it has yielded, by place."""
    return _endings(function, surroundings, yields=True)


def _endings(function: _Function, surroundings: Surroundings, *, yields: bool) -> list[Ending]:
    """Most functions have none, also if their conditions are not looked at."""
    rough = _Ways(function, surroundings, yields=yields, careful=False).endings()
    return _Ways(function, surroundings, yields=yields, careful=True).endings() if rough else []


def swallows(names: Origins, manager: ast.expr) -> bool:
    """Whether a context manager certainly keeps back exceptions."""
    return isinstance(manager, ast.Call) and names.of(manager.func) == "contextlib.suppress"


class _Ways:
    """Each method answers with the statement behind which what it is given is left; None if it never is."""

    def __init__(self, function: _Function, surroundings: Surroundings, *, yields: bool, careful: bool) -> None:
        self._function = function
        self._surroundings = surroundings
        self._yields = yields
        self._careful = careful
        """Whether conditions are compared with each other."""
        self._returns: list[ast.stmt] = []
        self._broken = [False]
        """For each loop around, whether a ``break`` was met."""

    def endings(self) -> list[Ending]:
        last = self._block(self._function.body)
        found = [Ending("returns before yield" if self._yields else "returns nothing", node) for node in self._returns]
        return found if last is None else [*found, Ending("ends before yield" if self._yields else "ends", last)]

    def _block(self, statements: Iterable[ast.stmt]) -> ast.stmt | None:
        last = None
        excluded: set[str] = set()
        """Conditions that cannot hold any more: where they did, the block was left."""
        for statement in statements:
            if self._yields and any(map(_yields, _own_expressions(statement))):
                return None
            last = self._if(statement, excluded) if isinstance(statement, ast.If) else self._statement(statement)
            if last is None:
                return None
        return last

    def _statement(self, statement: ast.stmt) -> ast.stmt | None:
        match statement:
            case ast.Return():
                if self._yields or _is_nothing(statement.value):
                    self._returns.append(statement)
                return None
            case ast.Raise() | ast.Continue():
                return None
            case ast.Break():
                self._broken[-1] = True
                return None
            case ast.Assert(test=test):
                return None if truth(test) is False else statement
            case ast.Expr(value=value):
                return None if self._never_returns(value) else statement
            case ast.While() | ast.For() | ast.AsyncFor():
                return self._loop(statement)
            case ast.Try() | ast.TryStar():
                return self._try(statement)
            case ast.With() | ast.AsyncWith():
                swallows = any(self._surroundings.swallows(item.context_expr) for item in statement.items)
                return self._block(statement.body) or (statement if swallows else None)
            case ast.Match():
                return self._match(statement)
        return statement

    def _never_returns(self, value: ast.expr) -> bool:
        call = value.value if isinstance(value, ast.Await) else value
        return isinstance(call, ast.Call) and self._surroundings.never_returns(call)

    def _if(self, statement: ast.If, excluded: set[str]) -> ast.stmt | None:
        branches, otherwise = _chain(statement)
        found: ast.stmt | None = None
        for test, body in branches:
            value = True if excluded and negated(test) in excluded else truth(test)
            last = None if value is False else self._block(body)
            found = found or last
            if value is True:
                return found
            if last is None and self._careful:
                excluded.add(ast.dump(test))
        if otherwise:
            last = self._block(otherwise)
            return found or last
        complete = self._careful and may_be_all([test for test, _ in branches], self._function)
        return found or (None if complete else statement)

    def _loop(self, loop: ast.While | ast.For | ast.AsyncFor) -> ast.stmt | None:
        self._broken.append(False)
        self._block(loop.body)
        broken = self._broken.pop()
        after = self._block(loop.orelse) if loop.orelse else loop
        return loop if broken else None if _never_ends(loop) else after

    def _try(self, statement: ast.Try | ast.TryStar) -> ast.stmt | None:
        last = self._block(statement.body)
        if last is not None and statement.orelse:
            last = self._block(statement.orelse)
        if not (self._yields and any(map(_yields, statement.body))):  # else they are for what is thrown at the yield
            handled = [self._block(handler.body) for handler in statement.handlers]
            last = last or next(filter(None, handled), None)
        if statement.finalbody and self._block(statement.finalbody) is None:
            return None
        return last

    def _match(self, statement: ast.Match) -> ast.stmt | None:
        ways = [self._block(case.body) for case in statement.cases]
        found = next(filter(None, ways), None)
        if found is not None or any(case.guard is None and _takes_all(case.pattern) for case in statement.cases):
            return found
        return statement if is_open(statement.subject, self._function) else None


def _chain(statement: ast.If) -> tuple[list[tuple[ast.expr, list[ast.stmt]]], list[ast.stmt]]:
    """The conditions of ``if`` and ``elif`` with their blocks, and the ``else`` block."""
    branches = [(statement.test, statement.body)]
    while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        statement = statement.orelse[0]
        branches.append((statement.test, statement.body))
    return branches, statement.orelse


def _never_ends(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    """Whether a loop is never left at its head, or may be written so that it is not."""
    if isinstance(loop, ast.While):
        return truth(loop.test) is True or _raises_in_the_end(loop, loop.test)
    if not isinstance(loop.iter, ast.Call):
        return False
    called = ast.unparse(loop.iter.func).rpartition(".")[2]
    if called in _ENDLESS or "retry" in called.lower():  # libraries that raise when they give up
        return True
    return called in _COUNTING and _raises_in_the_end(loop, loop.target)


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are evaluated whenever it is reached."""
    for value in statement.__dict__.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.withitem | ast.expr):
                yield item


def _yields(node: ast.AST) -> bool:
    pending: list[ast.AST] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(item, _DEFINITIONS):
            pending.extend(ast.iter_child_nodes(item))
    return False


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _takes_all(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or _takes_all(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and any(map(_takes_all, pattern.patterns))


def _raises_in_the_end(loop: ast.stmt, counter: ast.expr) -> bool:
    """Whether the loop's body raises under a condition on what is counted: ``if attempt == 2: raise``."""
    counted = {node.id for node in walk(counter) if isinstance(node, ast.Name)}
    return any(
        isinstance(name, ast.Name) and name.id in counted
        for node in walk(loop)
        if isinstance(node, ast.If) and any(isinstance(item, ast.Raise) for item in (*node.body, *node.orelse))
        for name in walk(node.test)
    )
