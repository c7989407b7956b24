"""Which functions of the project run when something is called, decorated or derived from, as far as names lead."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowstone.frontend.bindings import Binding
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, Names, Target

Function = ast.FunctionDef | ast.AsyncFunctionDef
OfModule = tuple[Module, Function]
_MADE = frozenset({"__new__", "__init__", "__post_init__", "__set_name__", "__enter__", "__exit__", "__call__"})
"""Methods that may run with an instance that is made when a module is imported."""
_OF_BASE = frozenset({"__init_subclass__"})
_OF_META = frozenset({"__new__", "__init__", "__prepare__"})
"""Methods of bases, and of metaclasses, that run when a class is defined."""
_MOST = 100
"""So many bindings are followed where names stand for names."""


class Called:
    """Finds what runs."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def by(self, module: Module, callee: ast.expr) -> Iterator[OfModule]:
        """The functions that a call runs: the function itself, the methods that make an instance, or a method."""
        target = self._names.resolve(module, callee)
        if isinstance(target, Defined):
            yield from self._of(target, set())
        elif target is None and isinstance(callee, ast.Attribute):
            owner = self._names.resolve(module, callee.value)
            for known, node in self._classes(owner, set()):
                yield from self._methods(known, node, {callee.attr})

    def by_decorator(self, module: Module, decorator: ast.expr) -> Iterator[OfModule]:
        """The functions that a decorator runs; of one that is called those, too, that it may give back."""
        if not isinstance(decorator, ast.Call):
            yield from self.by(module, decorator)
            return
        for known, function in self.by(module, decorator.func):
            yield known, function
            for node in at_once(function.body):
                if isinstance(node, Function):
                    yield known, node

    def by_class(self, module: Module, node: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef, Function]]:
        """The methods that the definition of a class runs, with the class that has them."""
        for known, above, is_meta in self._lineage(module, node):
            for item in above.body:
                if (
                    above is not node
                    and isinstance(item, Function)
                    and item.name in (_OF_META if is_meta else _OF_BASE)
                ):
                    yield known, above, item

    def asked_for_subclasses(self, module: Module, node: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef]]:
        """The classes above a class whose modules ask what is derived from them."""
        for known, above, _ in self._lineage(module, node):
            if above is not node and "__subclasses__" in known.source:
                yield known, above

    def _of(self, target: Defined, seen: set[int]) -> Iterator[OfModule]:
        for binding in _new(target, seen):
            if isinstance(binding.node, Function):
                yield target.module, binding.node
            elif isinstance(binding.node, ast.ClassDef):
                yield from self._methods(target.module, binding.node, _MADE)
            elif isinstance(binding.value, ast.Name | ast.Attribute) and len(seen) < _MOST:
                meant = self._names.resolve(target.module, binding.value)
                if isinstance(meant, Defined):
                    yield from self._of(meant, seen)

    def _classes(self, target: Target | None, seen: set[int]) -> Iterator[tuple[Module, ast.ClassDef]]:
        """The classes that a name may stand for, or of which it may be an instance."""
        if not isinstance(target, Defined):
            return
        for binding in _new(target, seen):
            if isinstance(binding.node, ast.ClassDef):
                yield target.module, binding.node
            elif isinstance(binding.value, ast.Call) and len(seen) < _MOST:
                yield from self._classes(self._names.resolve(target.module, binding.value.func), seen)

    def _methods(self, module: Module, node: ast.ClassDef, names: Iterable[str]) -> Iterator[OfModule]:
        for known, above, _ in self._lineage(module, node):
            for item in above.body:
                if isinstance(item, Function) and item.name in names:
                    yield known, item

    def _lineage(self, module: Module, node: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef, bool]]:
        """A class, the classes of the project above it, and whether they are metaclasses."""
        pending, seen = [(module, node, False)], {id(node)}
        while pending:
            known, above, is_meta = pending.pop()
            yield known, above, is_meta
            metas = [(keyword.value, True) for keyword in above.keywords if keyword.arg == "metaclass"]
            for base, meta in [*((base, is_meta) for base in above.bases), *metas]:
                for owner, further in self._classes(self._names.resolve(known, base), set()):
                    if id(further) not in seen:
                        seen.add(id(further))
                        pending.append((owner, further, meta))


def _new(target: Defined, seen: set[int]) -> Iterator[Binding]:
    for binding in target.bindings:
        if id(binding) not in seen:
            seen.add(id(binding))
            yield binding


def at_once(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of statements that run with them: bodies of functions and classes do not, but for a lambda that is
    called on the spot.
    """
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            pending.extend(node.decorator_list)
        elif not isinstance(node, ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Lambda):
                pending.append(node.func.body)
