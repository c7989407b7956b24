"""What module-level statements may change besides the names that they bind: ``LIMITS["x"] = 1``, ``register(f)``.

Syntax cannot tell for certain, so this errs on the safe side: what is handed to a call may be changed by it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from flowstone.frontend.bindings import Binding, Place, imports, is_main
from flowstone.frontend.called import Called, Function, OfModule, at_once
from flowstone.frontend.changes import is_own_module
from flowstone.frontend.fixed import is_fixed, is_immutable
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Builtin, Defined, External, Names, ProjectModule, Public, Target
from flowstone.frontend.outward import PLACES, changed_by, shows_in_values
from flowstone.frontend.scopes import function_scope

_CHANGING_BUILTINS = frozenset({"__import__", "delattr", "eval", "exec", "next", "setattr"})
_CALLING_BUILTINS = frozenset({"filter", "map"})
_READING_METHODS = frozenset(
    {"copy", "count", "endswith", "format", "get", "index", "items", "join", "joinpath", "keys", "lower", "replace"}
    | {"split", "startswith", "strip", "title", "upper", "values"}
)
_NAMESPACES = frozenset({"globals", "locals", "vars"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_OUTSIDE = ("", "*")
"""What is changed outside of the project."""


class ModuleEffects(Struct):
    """The statements of one module that may change something."""

    own: dict[str, list[ast.stmt]] = field(default_factory=dict)
    """By the module's name that they may change; ``*`` for those that may change any."""
    foreign: list[ast.stmt] = field(default_factory=list)
    """Those that may change something in another module, or outside of the project."""


class _Body(Struct, frozen=True):
    """The body of one function."""

    changed: frozenset[tuple[str, str]]
    """What it changes itself."""
    calls: tuple[OfModule, ...]
    """The functions of the project that it calls."""


class Effects:
    """The effects of modules, each looked at once."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._called = Called(names)
        self._modules: dict[str, ModuleEffects] = {}
        self._bodies: dict[int, _Body] = {}
        self._calls: dict[frozenset[int], frozenset[tuple[str, str]]] = {}

    def of(self, module: Module) -> ModuleEffects:
        """The effects of importing a module, those of the modules that it imports left out."""
        if module.name not in self._modules:
            self._modules[module.name] = self._scan(module)
        return self._modules[module.name]

    def _scan(self, module: Module) -> ModuleEffects:
        effects = ModuleEffects()
        for statement in module.tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            changed = set(self._changed_by(module, statement))
            for owner, name in sorted(changed):
                if owner == module.name:
                    effects.own.setdefault(name, []).append(statement)
            if any(owner != module.name for owner, _ in changed):
                effects.foreign.append(statement)
        return effects

    def _changed_by(self, module: Module, statement: ast.stmt) -> Iterator[tuple[str, str]]:
        """Module and name of what running a module-level statement may change."""
        if isinstance(statement, _DEFINITIONS):
            for decorator in statement.decorator_list:
                yield from self._changed_by_decorator(module, decorator)
            if isinstance(statement, ast.ClassDef):
                yield from self._changed_by_class(module, statement)
        elif isinstance(statement, ast.If) and is_main(statement.test):
            for other in statement.orelse:  # the rest does not run on import
                yield from self._changed_by(module, other)
        else:
            yield from self._changed_by_expressions(module, statement)

    def _changed_by_decorator(self, module: Module, decorator: ast.expr) -> Iterator[tuple[str, str]]:
        callee = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = self._names.resolve(module, callee)
        if isinstance(target, Public):
            return
        yield from self._changed_by_expressions(module, decorator)
        yield from self._changed_inside(self._called.by_decorator(module, decorator))
        if target is None and isinstance(decorator, ast.Attribute):
            yield from self._mutable(module, decorator.value)

    def _changed_by_class(self, module: Module, statement: ast.ClassDef) -> Iterator[tuple[str, str]]:
        """What the definition of a class changes: by its bases, and by statements in its body that bind nothing."""
        for owner, base, function in self._called.by_class(module, statement):
            yield owner.name, base.name
            yield from self._changed_inside([(owner, function)])
        yield from ((owner.name, base.name) for owner, base in self._called.asked_for_subclasses(module, statement))
        for item in statement.body:
            if isinstance(item, _DEFINITIONS):
                yield from self._changed_by(module, item)
                continue
            for node in at_once([item]):
                if isinstance(node, ast.Attribute | ast.Subscript):
                    yield from self._changed_directly(module, node)
                elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                    yield from self._changed_by_call(module, node.value)
                elif isinstance(node, ast.Call):
                    yield from self._changed_inside(self._called.by(module, node.func))
                if isinstance(node, PLACES) and self._is_changed_outside(module, changed_by(node)):
                    yield _OUTSIDE

    def _changed_by_expressions(self, module: Module, start: ast.AST) -> Iterator[tuple[str, str]]:
        for node in at_once([start]):
            yield from self._changed_directly(module, node)
            if isinstance(node, PLACES) and self._is_changed_outside(module, changed_by(node)):
                yield _OUTSIDE
            if isinstance(node, ast.Call):
                yield from self._changed_inside(self._called.by(module, node.func))

    def _changed_directly(self, module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            owner = self._names.resolve(module, node.value)
            if isinstance(owner, ProjectModule) and isinstance(node, ast.Attribute):
                yield owner.name, node.attr
            else:
                yield from self._mutable(module, node.value)
        elif isinstance(node, ast.Call):
            yield from self._changed_by_call(module, node)

    def _is_changed_outside(self, module: Module, name: ast.Name | None) -> bool:
        target = None if name is None else self._names.lookup(module, name.id)
        return isinstance(target, External) and shows_in_values(target.dotted)

    def _changed_by_call(self, module: Module, call: ast.Call) -> Iterator[tuple[str, str]]:
        callee = self._names.resolve(module, call.func)
        if isinstance(callee, Builtin) and callee.name in _CALLING_BUILTINS and call.args:
            yield from self._changed_by_method(module, call.args[0])
            yield from self._changed_inside(self._called.by(module, call.args[0]))
        if isinstance(callee, Public) or (isinstance(callee, Builtin) and callee.name not in _CHANGING_BUILTINS):
            return
        if isinstance(callee, Builtin) and callee.name == "exec" and len(call.args) == 1:
            yield module.name, "*"
        if callee is None:
            yield from self._changed_by_method(module, call.func)
        for binding in callee.bindings if isinstance(callee, Defined) else ():  # add = REGISTRY.append
            if isinstance(callee, Defined) and binding.value is not None:
                yield from self._changed_by_method(callee.module, binding.value)
        harmless = isinstance(callee, Defined) and not any(map(_changes_parameters, callee.bindings))
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            yield from self._mutable(module, argument, definitions=not harmless)

    def _changed_by_method(self, module: Module, method: ast.expr) -> Iterator[tuple[str, str]]:
        """What a call of a method of a value changes."""
        if not isinstance(method, ast.Attribute) or method.attr in _READING_METHODS:
            return
        if self._names.resolve(module, method) is None:
            yield from self._mutable(module, method.value)

    def _changed_inside(self, functions: Iterable[OfModule]) -> frozenset[tuple[str, str]]:
        """What the bodies of functions of the project change, with those of the functions that they call."""
        start = tuple(functions)
        key = frozenset(id(function) for _, function in start)
        if key not in self._calls:
            bodies = {id(function): (owner, function) for owner, function in start}
            pending = list(bodies.values())
            while pending:
                for owner, function in self._body(*pending.pop()).calls:
                    if id(function) not in bodies:
                        bodies[id(function)] = owner, function
                        pending.append((owner, function))
            self._calls[key] = frozenset().union(*(self._body(*item).changed for item in bodies.values()))
        return self._calls[key]

    def _body(self, module: Module, function: Function) -> _Body:
        if id(function) not in self._bodies:
            nodes = list(at_once(function.body))
            inner = {node.name: node for node in nodes if isinstance(node, Function)}
            calls: list[OfModule] = []
            for node in nodes:
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in inner:
                    calls.append((module, inner[node.func.id]))
                elif isinstance(node, ast.Call):
                    calls.extend(self._called.by(module, node.func))
            changed = frozenset(self._changed_in_body(module, function, nodes))
            self._bodies[id(function)] = _Body(changed, tuple(calls))
        return self._bodies[id(function)]

    def _changed_in_body(self, module: Module, function: Function, nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
        local = function_scope(function, None).bound
        local |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        imported = dict(self._imported_inside(module, nodes))
        for node in nodes:
            if isinstance(node, ast.Global):
                yield from ((module.name, name) for name in node.names)
            name = changed_by(node) if isinstance(node, PLACES) else None
            if name is not None and not isinstance(node, ast.Expr):
                yield from imported.get(name.id, ())
            elif name is not None and _OUTSIDE in imported.get(name.id, ()):
                yield _OUTSIDE
            if name is not None and name.id not in local and self._is_changed_outside(module, name):
                yield _OUTSIDE
            for changed in self._changed_directly(module, node):
                if changed != (module.name, changed[1]) or changed[1] not in local:
                    yield changed

    def _imported_inside(
        self, module: Module, nodes: list[ast.AST]
    ) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        """The names that a function imports, and what changes with an attribute or item of them."""
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for binding in imports(module, node, Place()):
                    origin = binding.origin.partition(".")[0] if binding.submodule else binding.origin
                    target = self._names.dotted(origin)
                    if isinstance(target, Defined):
                        yield binding.name, ((target.module.name, target.name),)
                    elif isinstance(target, ProjectModule):
                        yield binding.name, ((target.name, "*"),)
                    elif isinstance(target, External) and shows_in_values(target.dotted):
                        yield binding.name, (_OUTSIDE,)

    def _mutable(self, module: Module, node: ast.expr, *, definitions: bool = True) -> Iterator[tuple[str, str]]:
        """The names in an expression that stand for something that can be changed.

        Functions and classes are left out unless ``definitions``.
        """
        pending: list[ast.AST] = [node]
        while pending:
            item = pending.pop()
            if self._is_own_namespace(module, item):
                yield module.name, "*"
            elif isinstance(item, ast.Name | ast.Attribute):
                target = self._owner(module, item)
                if isinstance(target, Defined) and not (is_immutable(target) if definitions else is_fixed(target)):
                    yield target.module.name, target.name
                elif isinstance(target, ProjectModule):
                    yield target.name, "*"
                if target is not None:
                    continue
            if not isinstance(item, _DEFINITIONS):
                pending.extend(ast.iter_child_nodes(item))

    def _is_own_namespace(self, module: Module, node: ast.AST) -> bool:
        """Whether an expression is ``globals()``, ``vars()`` or ``sys.modules[__name__]``."""
        if isinstance(node, ast.Subscript):
            return is_own_module(node)
        if not isinstance(node, ast.Call) or node.args:
            return False
        target = self._names.resolve(module, node.func)
        return isinstance(target, Builtin) and target.name in _NAMESPACES

    def _owner(self, module: Module, node: ast.Name | ast.Attribute) -> Target | None:
        """What the beginning of a dotted name stands for, as far as names lead."""
        attributes: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            attributes.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            return None
        target: Target = self._names.lookup(module, inner.id)
        while attributes and isinstance(target, ProjectModule | External):
            if isinstance(target, ProjectModule) and attributes[-1] == "__dict__":
                return target
            target = self._names.attribute(target, attributes.pop()) or target
        return target


def _root(node: ast.expr) -> str:
    """The name at the beginning of a chain of attributes and items; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changes_parameters(binding: Binding) -> bool:
    """Whether a function sets attributes or items of what it is given."""
    function = binding.node
    if not isinstance(function, Function):
        return True
    given = function_scope(function, None).bound
    for node in at_once(function.body):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed: ast.expr = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CHANGING_BUILTINS:
            return True
        else:
            continue
        if _root(changed) in given:
            return True
    return False
