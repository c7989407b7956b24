"""Whether a piece of source can declare something: it names a declaring word, or calls what does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from flowstone.dsl.signals import HANDLERS
from flowstone.frontend.bindings import FUNCTIONS, Binding, import_base
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, External, Names, Public, Target
from flowstone.frontend.tree import walk
from flowstone.frontend.values import FunctionValue, Reference, Scope

_MAX_CALLS = 100
"""Functions that call each other deeper than this count as declaring: who follows them says that it is too deep."""


class Touches:
    """Answers the question for nodes of the syntax trees, each once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._answers: dict[int, bool] = {}
        self._depth = 0
        self.called: set[int] = set()
        """Ids of the functions that were called as factories."""

    def node(self, node: ast.AST, module: Module, values: Mapping[str, Any]) -> bool:
        """Whether the node, or a project function that it calls, names a declaring word."""
        key = id(node)
        if key not in self._answers:
            self._answers[key] = False  # ends a circle of calls
            self._depth += 1
            found = self._depth > _MAX_CALLS or any(self._declares(item, module, values) for item in walk(node))
            self._depth -= 1
            self._answers[key] = found
        return self._answers[key]

    def _declares(self, node: ast.AST, module: Module, values: Mapping[str, Any]) -> bool:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                return False
            if node.id in values:
                return self._declares_value(values[node.id])
            return self.target(self.names.lookup(module, node.id))
        if isinstance(node, ast.Import | ast.ImportFrom):
            return any(is_declaring_word(dotted) for _, _, dotted in self.imported(node, module))
        if isinstance(node, ast.Attribute):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if node.attr in HANDLERS and self._is_of_declaration(node.value, module, values):
                return True
            if isinstance(root, ast.Name) and root.id not in values:
                return self.target(self.names.resolve(module, node))
        return False

    def _is_of_declaration(self, node: ast.expr, module: Module, values: Mapping[str, Any]) -> bool:
        """Whether a decorator of a handler is that of a function with one of FlowStone's decorators."""
        if isinstance(node, ast.Name) and node.id in values:
            function = values[node.id] if isinstance(values[node.id], FunctionValue) else None
        else:
            function = self.function(self.names.resolve(module, node))
        return function is not None and self.is_declaration(function)

    def _declares_value(self, value: Any) -> bool:
        if isinstance(value, Reference):
            return is_declaring_word(value.dotted)
        if isinstance(value, FunctionValue):
            return self.node(value.node, value.scope.module, value.scope.values)
        return False

    def target(self, target: Target | None) -> bool:
        """Whether a name's target declares, or is a factory."""
        if isinstance(target, Public):
            return target.name in DECLARING
        return self.factory(target)

    def factory(self, target: Target | None) -> bool:
        """Whether a target is a plain project function that declares something when it is called."""
        function = self.function(target)
        if function is None or self.is_declaration(function):
            return False
        return self.node(function.node, function.scope.module, {})

    def is_declaration(self, function: FunctionValue) -> bool:
        """Whether a function has one of FlowStone's decorators."""
        for decorator in function.node.decorator_list:
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(self.names.resolve(function.scope.module, named), Public):
                return True
        return False

    def function(self, target: object) -> FunctionValue | None:
        """The function, if a target is one of the project that is defined once."""
        if isinstance(target, Defined) and len(target.bindings) == 1:
            node = target.bindings[0].node
            if isinstance(node, FUNCTIONS) and target.bindings[0].kind == "function":
                return FunctionValue(Scope(target.module), node)
        return None

    def rebound(self, target: object) -> tuple[Binding, Binding] | None:
        """The import of a declaring word and what binds its name again, if a target is such a name."""
        if not isinstance(target, Defined):
            return None
        for binding in target.bindings:
            if binding.kind == "import" and self.target(self.names.dotted(binding.origin)):
                return binding, next(item for item in target.bindings if item is not binding)
        return None

    def imported(self, node: ast.Import | ast.ImportFrom, module: Module) -> Iterator[tuple[str, str, str | None]]:
        """Names that an import in a function binds: what they stand for, and its name outside the project, if any."""
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                dotted, name = f"{import_base(module, node)}.{alias.name}", alias.asname or alias.name
            else:
                dotted, name = alias.name, alias.asname or alias.name.partition(".")[0]
            target = self.names.dotted(dotted)
            if isinstance(target, Public):
                yield name, dotted, f"flowstone.{target.name}"
            else:
                root = dotted.partition(".")[0] if isinstance(node, ast.Import) and alias.asname is None else dotted
                yield name, root, target.dotted if isinstance(target, External) else None


def walk_calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls below a node."""
    return (item for item in walk(node) if isinstance(item, ast.Call))


def is_declaring_word(dotted: str | None) -> bool:
    """Whether a dotted name is that of a public name that declares; the package itself counts."""
    package, _, name = (dotted or "").rpartition(".")
    return dotted == "flowstone" or (package == "flowstone" and name in DECLARING)
