"""Fingerprints of functions: digests of everything of the project that a function reaches, and of the versions of the
packages that it uses.

A *unit* is one name of one module with all statements that bind it or may change it. A unit refers to other units by
the names in its code. Where a name may stand for anything (a module as a value, ``eval``), the whole module counts.
"""

from __future__ import annotations

import ast
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from flowstone.frontend.canonical import Code, canonical
from flowstone.frontend.closure import InvisibleError, ValueTexts
from flowstone.frontend.components import components
from flowstone.frontend.declarations import KINDS
from flowstone.frontend.effects import Effects
from flowstone.frontend.modules import Module
from flowstone.frontend.names import (
    Builtin,
    Defined,
    External,
    Missing,
    Names,
    ProjectModule,
    Public,
    Target,
    beginnings,
)
from flowstone.frontend.pins import Pins
from flowstone.frontend.scopes import Reference, Scope
from flowstone.frontend.values import FunctionValue

Unit = tuple[str, str]
"""Module and name; the name ``*`` stands for everything in the module, ``!`` for what its import changes elsewhere."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOOKING_AT_EVERYTHING = frozenset({"eval", "exec", "globals", "vars"})
_MODULES = External("sys.modules")
"""As in ``sys.modules[__name__]``."""
_NO_VALUES: Mapping[str, Any] = {}


class _Part(Struct, frozen=True):
    """The code of one unit: its text, and the units that it refers to."""

    digest: str
    children: tuple[Unit, ...]


class Fingerprints:
    """Fingerprints of functions of one project. What they share is looked at once."""

    def __init__(self, names: Names, pins: Pins) -> None:
        self._names = names
        self._pins = pins
        self._effects = Effects(names)
        self._modules: dict[str, Module] = {}
        self._parts: dict[Unit, _Part] = {}
        self._digests: dict[Unit, str] = {}
        self._changing: dict[str, frozenset[str]] = {}
        self._starts: dict[str, list[tuple[int, int]]] = {}
        self._around: dict[int, Code] = {}
        self._targets_of_imports: dict[str, Target] = {}
        self._open: set[int] = set()
        """Functions that are being looked at."""

    def of(self, module: Module, function: _Function, closure: Mapping[str, Any] = _NO_VALUES) -> str:
        """``sha256:`` and the hex digest for a function.

        ``closure`` holds the values, as the evaluator has them, of names that are bound around the function by a
        factory or a loop. The keywords of FlowStone's own decorators do not count; every annotation does.
        """
        self._modules[module.name] = module
        code = self._canonical(module, [function])
        if self._is_top_level(module, function) and not closure:
            lines, children = self._links(module, code)
        else:
            self._open.add(id(function))
            lines, children = self._around_links(module, function, code, closure)
            self._open.discard(id(function))
        return "sha256:" + self._whole(_digest(code.text, *lines), children)

    def _whole(self, own: str, children: Iterable[Unit]) -> str:
        return _digest(own, *sorted({self._digest_of(child) for child in children}))

    # Names around a function

    def _around_links(
        self, module: Module, function: _Function, code: Code, closure: Mapping[str, Any]
    ) -> tuple[list[str], set[Unit]]:
        """The links of a function around which something is bound: values where they are seen, else the factory."""
        scope = self._scope_around(module, function)
        used = {item for item in code.references if not item.origin}
        bound = {item for item in used if item.name in closure or (scope is not None and scope.binds(item.name))}
        free = Code(code.text, code.references - bound, code.called_with, code.scopes)
        lines, children = self._links(module, free)
        needed = {item.name for item in bound}
        if not needed <= closure.keys() or not self._add_values(closure, needed, lines, children):
            factory = self._around[id(self._statement_at(module, function))]
            further, units = self._links(module, factory)
            lines += [factory.text, *further]
            children |= units
            for name in closure:
                self._add_values(closure, {name}, lines, children)
        return lines, children

    def _add_values(
        self, closure: Mapping[str, Any], names: Iterable[str], lines: list[str], children: set[Unit]
    ) -> bool:
        """Add the values of names; False if one of them cannot be seen."""
        found: list[str] = []

        def dotted(name: str) -> str:
            target = self._names.dotted(name)
            children.update(self._units_of(target))
            return self._text_of(target)

        def function(value: FunctionValue) -> str:
            if id(value.node) in self._open:  # functions of one factory that call each other
                return value.dotted
            return self.of(value.scope.module, value.node, value.scope.values)

        texts = ValueTexts(dotted, function)
        try:
            found += [f"{name}={texts.of(closure[name])}" for name in sorted(names)]
        except (InvisibleError, RecursionError):
            return False
        lines += found
        return True

    def _is_top_level(self, module: Module, function: ast.stmt) -> bool:
        return self._statement_at(module, function) is function

    def _scope_around(self, module: Module, function: _Function) -> Scope | None:
        statement = self._statement_at(module, function)
        if id(statement) not in self._around:
            self._around[id(statement)] = self._canonical(module, [statement])
        return self._around[id(statement)].scopes.get(id(function))

    def _statement_at(self, module: Module, node: ast.stmt) -> ast.stmt:
        """The module-level statement around a statement."""
        if module.name not in self._starts:
            self._starts[module.name] = [_start(statement) for statement in module.tree.body]
        return module.tree.body[bisect_right(self._starts[module.name], (node.lineno, node.col_offset)) - 1]

    # Units

    def _digest_of(self, unit: Unit) -> str:
        for component in components(unit, lambda item: self._part(item).children, self._digests):
            inside = set(component)
            outside = {child for item in component for child in self._part(item).children} - inside
            own = [f"{item[0]}:{item[1]}={self._part(item).digest}" for item in sorted(component)]
            digest = _digest(*own, *sorted(self._digests[child] for child in outside))
            self._digests.update(dict.fromkeys(component, digest))
        return self._digests[unit]

    def _part(self, unit: Unit) -> _Part:
        if unit not in self._parts:
            module = self._modules[unit[0]]
            lines, children = self._part_links(module, unit[1])
            self._parts[unit] = _Part(_digest(*lines), tuple(sorted(children)))
        return self._parts[unit]

    def _part_links(self, module: Module, name: str) -> tuple[list[str], set[Unit]]:
        if name == "!":
            code = self._canonical(module, self._effects.of(module).foreign)
            lines, children = self._links(module, code, effects=False)
        elif name == "*":
            code = self._canonical(module, module.tree.body)
            lines, children = self._links(module, code)
            for line, units in self._everything_imported(module):
                lines.append(line)
                children.update(units)
        else:
            code = self._canonical(module, self._statements(module, name))
            lines, children = self._links(module, code)
        children.discard((module.name, name))
        return [code.text, *lines], children

    def _statements(self, module: Module, name: str) -> list[ast.stmt]:
        """The module-level statements that bind a name or may change it, in their order."""
        nodes = [binding.node for binding in self._names.table(module).bindings.get(name, ())]
        statements = [self._statement_at(module, node) for node in nodes]
        own = self._effects.of(module).own
        statements += [*own.get(name, ()), *own.get("*", ())]
        return sorted({id(item): item for item in statements}.values(), key=_start)

    def _everything_imported(self, module: Module) -> Iterator[tuple[str, set[Unit]]]:
        table = self._names.table(module)
        for name, bindings in sorted(table.bindings.items()):
            if any(binding.kind == "import" for binding in bindings):
                target = self._names.lookup(module, name)
                if not isinstance(target, Defined) or target.module is not module:
                    yield f"{name}->{self._text_of(target)}", set(self._units_of(target))
        for origin in sorted(table.stars):
            target = self._names.dotted(origin)
            yield f"*->{self._text_of(target)}", set(self._units_of(target))

    # Links

    def _links(self, module: Module, code: Code, *, effects: bool = True) -> tuple[list[str], set[Unit]]:
        """What the names in some code stand for, as text, and the units among it."""
        lines: list[str] = []
        children: set[Unit] = set()
        for reference in sorted(code.references):
            for target in self._targets(module, reference):
                lines.append(f"{reference.name}.{'.'.join(reference.attributes)}->{self._text_of(target)}")
                children.update(self._units_of(target))
        for reference, text in sorted(code.called_with):
            children.update(self._imported_by_name(module, reference, text))
        if effects:
            children.update((changing, "!") for changing in self._changing_imports(module))
        return lines, children

    def _targets(self, module: Module, reference: Reference) -> Iterator[Target]:
        target = (
            self._names.dotted(reference.origin) if reference.origin else self._names.lookup(module, reference.name)
        )
        for attribute in reference.attributes:
            further = self._names.attribute(target, attribute)
            if further is None:
                break
            if isinstance(further, Missing):  # an attribute that only exists at run time
                yield target
            target = further
        yield target
        if (isinstance(target, Builtin) and target.name in _LOOKING_AT_EVERYTHING) or target == _MODULES:
            yield ProjectModule(module.name, module)
        if isinstance(target, Missing) and not reference.origin:
            yield from (External(origin) for origin in sorted(self._names.table(module).stars))

    def _text_of(self, target: Target) -> str:
        match target:
            case Defined():
                return f"{target.module.name}:{target.name}"
            case ProjectModule():
                return f"{target.name}:*"
            case External():
                return f"{target.dotted} {self._pins.of(target.dotted)}"
            case Public() | Builtin():
                return target.name
            case Missing():
                return f"{target.module}:{target.name}?"

    def _units_of(self, target: Target) -> Iterator[Unit]:
        if isinstance(target, Defined):
            self._modules[target.module.name] = target.module
            yield target.module.name, target.name
        elif isinstance(target, ProjectModule) and target.module is not None:
            self._modules[target.name] = target.module
            yield target.name, "*"
        elif isinstance(target, Missing):
            owner = self._names.dotted(target.module)
            if isinstance(owner, ProjectModule) and owner.module and "*" in self._effects.of(owner.module).own:
                self._modules[owner.name] = owner.module
                yield owner.name, target.name

    def _imported_by_name(self, module: Module, function: Reference, text: str) -> Iterator[Unit]:
        """``importlib.import_module("a.b")`` with a module of the project."""
        for target in self._targets(module, function):
            if target in (External("importlib.import_module"), Builtin("__import__")) and text.strip("."):
                yield from self._units_of(self._names.dotted(text.strip(".")))

    # Modules that change others when they are imported

    def _changing_imports(self, module: Module) -> frozenset[str]:
        """The modules that are imported with a module, itself included, and change something in other modules."""
        self._modules[module.name] = module
        for component in components(module.name, self._imports, self._changing):
            found = {name for name in component if self._effects.of(self._modules[name]).foreign}
            for child in {child for name in component for child in self._imports(name)} - set(component):
                found |= self._changing[child]
            self._changing.update(dict.fromkeys(component, frozenset(found)))
        return self._changing[module.name]

    def _imports(self, name: str) -> Iterator[str]:
        """The modules that are imported with a module: packages come with what is in them, its own ones too."""
        table = self._names.table(self._modules[name])
        bindings = (item for bindings in table.bindings.values() for item in bindings)
        origins = {item.origin for item in bindings if item.kind == "import" and not item.place.typing_only}
        for dotted in sorted({part for origin in (name, *origins, *table.stars) for part in beginnings(origin)}):
            yield from self._module_of(dotted)

    def _module_of(self, dotted: str) -> Iterator[str]:
        if dotted not in self._targets_of_imports:
            self._targets_of_imports[dotted] = self._names.dotted(dotted)
        target = self._targets_of_imports[dotted]
        if isinstance(target, ProjectModule | Defined) and target.module is not None:
            self._modules[target.module.name] = target.module
            yield target.module.name

    def _canonical(self, module: Module, nodes: Iterable[ast.AST]) -> Code:
        return canonical(module, nodes, partial(self._is_declaration, module))

    def _is_declaration(self, module: Module, decorator: ast.expr) -> bool:
        target = self._names.resolve(module, decorator.func if isinstance(decorator, ast.Call) else decorator)
        return isinstance(target, Public) and target.name in KINDS


def _start(statement: ast.stmt) -> tuple[int, int]:
    """Where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(item.lineno for item in decorators)]), statement.col_offset


def _digest(*parts: str) -> str:
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(data))
        found.update(data)
    return found.hexdigest()
