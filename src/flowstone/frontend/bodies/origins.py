"""Where the names in a module come from, by its own imports alone: ``np.random`` is ``numpy.random``.

What relative imports bring, and what is bound by anything else too, has no origin.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.functions import parameters
from flowstone.frontend.tree import walk, walk_outside

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_BUILTINS = frozenset({"exit", "input", "open", "quit"})


class Origins(Struct, frozen=True):
    """The names of a module, or of a function in it."""

    dotted: Mapping[str, str]
    """What is imported, by the name that it has here."""
    bound: Counter[str] = field(default_factory=Counter)
    """How often each name is bound by anything but an import."""

    def of(self, node: ast.expr) -> str | None:
        """The full dotted name that an expression stands for: an imported name, or a builtin one."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.bound:
            return None
        first = self.dotted.get(node.id)
        if first is None:
            return f"builtins.{node.id}" if node.id in _BUILTINS and not attributes else None
        return ".".join([first, *reversed(attributes)])

    def inside(self, function: _Function) -> Origins:
        """The names as the body of a function sees them."""
        given = [parameter.arg for parameter, _ in parameters(function.args)]
        given += [item.arg for item in (function.args.vararg, function.args.kwarg) if item is not None]
        nodes = [node for statement in function.body for node in walk(statement)]
        imported = dict(_imported(nodes))
        outside = _declared_global(nodes)
        own = Counter(name for name in (*given, *_bound(nodes)) if name not in outside)
        outer = {name: dotted for name, dotted in self.dotted.items() if name not in own}
        bound = Counter({name: times for name, times in self.bound.items() if name not in imported})
        return Origins({**outer, **imported}, bound + own)


def origins(tree: ast.Module) -> Origins:
    """The names of a module."""
    nodes = walk_outside(tree.body)
    return Origins(dict(_imported(nodes)), Counter(_bound(nodes)))


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _declared_global(nodes: Iterable[ast.AST]) -> set[str]:
    return {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
