"""Values of names at module level: each binding is found over modules and evaluated once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.vocabulary import PUBLIC_NAMES
from flowstone.fixes.imports import import_name
from flowstone.fixes.rename import rename_import
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix, either
from flowstone.frontend import library
from flowstone.frontend.attempts import cannot_fail
from flowstone.frontend.bindings import FUNCTIONS, Binding, Place
from flowstone.frontend.changes import Changes
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
    external,
    unknown_public_name,
)
from flowstone.frontend.operators import UnstableError, truth
from flowstone.frontend.values import ClassValue, FunctionValue, ModuleValue, Node, Reference, Refusal, Scope
from flowstone.frontend.versions import Version
from flowstone.patterns import pattern

_CHANGED_ALL = pattern(r"\b__all__\s*(?:\.\s*\w+\s*\(|\[)")


class BoundNames:
    """Looks names up and evaluates what they are bound to, by the function given."""

    def __init__(
        self,
        names: Names,
        evaluate: Callable[[ast.expr, Module], Any],
        unpack: Callable[[ast.expr, ast.expr, Module], dict[str, Any]],
    ) -> None:
        self._names = names
        self._evaluate = evaluate
        self._unpack = unpack
        self._values: dict[tuple[str, str], Any] = {}
        self._running: dict[tuple[str, str], Span] = {}
        self.changes = Changes(names)
        self._lists: dict[str, list[str] | None] = {}
        self._deciding: set[int] = set()
        self._attempts: dict[int, ast.stmt | None] = {}
        names.holds = self._holds
        names.public = self._public

    def value(self, name: str, node: Node, scope: Scope) -> Any:
        """The value of a bare name at module level. Errors: Refusal."""
        return self._of_target(self._names.lookup(scope.module, name), name, node, scope)

    def member(self, owner: str, name: str, node: Node, scope: Scope) -> Any:
        """The value of an attribute of a project module. Errors: Refusal."""
        if name == "__name__":
            return owner
        target = self._names.attribute(ProjectModule(owner, None), name)
        if name == "__all__" and isinstance(target, Defined) and len(target.bindings) > 1:
            names = self._listed(target.module)
            if names is not None:
                return list(names)
        return self._of_target(target, name, node, scope)

    def imported(self, dotted: str, node: Node, scope: Scope) -> Any:
        """The value of what an import of this dotted name binds. Errors: Refusal."""
        return self._of_target(self._names.dotted(dotted), dotted.rpartition(".")[2], node, scope)

    def external(self, dotted: str, node: Node, scope: Scope) -> Any:
        """The value, or symbol, of something outside the project. Errors: Refusal for what FlowStone does not have."""
        if dotted in library.VALUES:
            return library.VALUES[dotted]
        if dotted == "sys.version_info":
            return Version()
        target = external(dotted)
        if isinstance(target, Public):
            return Reference(f"flowstone.{target.name}")
        unknown = unknown_public_name(target)
        if unknown is not None:  # an import of it is a finding of its own
            raise unknown_flowstone_name(unknown, scope.module.span(node), silent=isinstance(node, ast.Name))
        return Reference(dotted)

    def _of_target(self, target: Target | None, name: str, node: Node, scope: Scope) -> Any:
        match target:
            case Defined():
                return self._defined(target, node, scope)
            case ProjectModule():
                return ModuleValue(target.name)
            case Public():
                return Reference(f"flowstone.{target.name}")
            case Builtin():
                return self._builtin(target.name, node, scope)
            case External():
                return self.external(target.dotted, node, scope)
        assert isinstance(target, Missing)
        raise self._missing(target, name, node, scope)

    def _builtin(self, name: str, node: Node, scope: Scope) -> Any:
        if name == "__name__":
            return scope.module.name
        if name in ("__file__", "__doc__", "__debug__"):
            raise Refusal(
                "FS003",
                f"'{name}' is not the same on every machine",
                scope.module.span(node),
                help="write a path that is relative to the project's folder",
            )
        return Reference(f"builtins.{name}")

    def _missing(self, target: Missing, name: str, node: Node, scope: Scope) -> Refusal:
        span = scope.module.span(node)
        if target.unseen:
            message = f"what '{name}' stands for cannot be seen: {target.unseen}"
            return Refusal(
                "FS003", message, span, help="bind it at module level to a constant, and import it by its name"
            )
        if target.broken:
            return Refusal("FS004", f"'{name}' comes from a module that cannot be read", span, silent=True)
        known = self._names.table(scope.module).bindings
        if name in known or target.module != scope.module.name:
            return self._not_there(target, node, span)
        if name in PUBLIC_NAMES:
            hint = f"write: from flowstone import {name}"
        else:
            hint = did_you_mean(name, [*known, *PUBLIC_NAMES]) or "define it at module level, or import it"
        return Refusal("FS004", f"'{name}' is not defined", span, help=hint, fix=_defined_name(name, known, span))

    def _not_there(self, target: Missing, node: Node, span: Span) -> Refusal:
        """The refusal of a name that another module does not have."""
        owner = self._names.dotted(target.module)
        module = owner.module if isinstance(owner, ProjectModule) else None
        known = self._names.table(module).bindings if module is not None else ()
        near = nearest(target.name, known) if isinstance(node, ast.Attribute) else None
        return Refusal(
            "FS004",
            f"'{target.name}' is not defined in module '{target.module}'",
            span,
            help=did_you_mean(target.name, known) or "correct the import, or define it there",
            fix=None if near is None else respell(span, target.name, near),
        )

    def _defined(self, target: Defined, node: Node, scope: Scope) -> Any:
        key = (target.module.name, target.name)
        if key in self._values:
            found = self._values[key]
            if isinstance(found, Refusal):
                raise found
            self._check_unchanged(target.module, target.name, found, node, scope)
            return found
        if key in self._running:
            raise Refusal(
                "FS009",
                f"the value of '{target.name}' depends on itself",
                self._running[key],
                help="give one of the names in the circle a value of its own",
                related=[(scope.module.span(node), "it is used here")],
            )
        self._running[key] = scope.module.span(node)
        try:
            self._values[key] = value = self._compute(target)
        except Refusal as refusal:
            self._values[key] = refusal
            raise
        finally:
            del self._running[key]
        self._check_unchanged(target.module, target.name, value, node, scope)
        return value

    def _compute(self, target: Defined) -> Any:
        module = target.module
        binding = self._one_binding(target)
        if isinstance(binding.node, FUNCTIONS) and binding.kind == "function":
            return FunctionValue(Scope(module), binding.node)
        if isinstance(binding.node, ast.ClassDef):
            return ClassValue(module, binding.node)
        if binding.kind == "import" and binding.alias is not None:
            return self._of_target(self._names.dotted(binding.origin), target.name, binding.alias, Scope(module))
        if binding.parts is not None and not binding.place.repeated:
            return self._unpack(*binding.parts, module)[target.name]
        if binding.value is None or binding.place.repeated:
            raise Refusal(
                "FS003",
                f"the value of '{target.name}' cannot be seen",
                module.span(binding.node),
                help="bind it once at module level, to a constant expression",
            )
        return self._evaluate(binding.value, module)

    def _one_binding(self, target: Defined) -> Binding:
        bindings = target.bindings
        if len(bindings) > 1:
            bindings = tuple(item for item in bindings if self._runs(item, target.module))
        if len(bindings) > 1 and any(item.place.fallback for item in bindings):
            bindings = self._without_handlers(target, bindings)
        if len(bindings) != 1:
            first, *others = bindings or target.bindings
            raise Refusal(
                "FS003",
                f"'{target.name}' is bound more than once, so its value is not a constant",
                target.module.span(first.node),
                help="use one name for each value",
                related=[(target.module.span(item.node), "bound again here") for item in others],
            )
        return bindings[0]

    def _without_handlers(self, target: Defined, bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
        """The bindings but those in handlers that never run. Errors: Refusal if that cannot be seen."""
        module = target.module
        for binding in (item for item in bindings if item.place.fallback):
            failing = self._failing(binding.place.attempt, module)
            if failing is not None:
                raise Refusal(
                    "FS003",
                    f"which value '{target.name}' has depends on whether this fails",
                    module.span(failing),
                    help="bind it outside of the 'try' statement",
                    related=[(module.span(binding.node), "it is bound here if it does")],
                )
        return tuple(item for item in bindings if not item.place.fallback)

    def _failing(self, attempt: tuple[ast.stmt, ...], module: Module) -> ast.stmt | None:
        """The first statement of the body of a ``try`` that may fail."""
        key = id(attempt)
        if key not in self._attempts:
            failing = (item for item in attempt if not cannot_fail(item, module, self._names, self._evaluate))
            self._attempts[key] = next(failing, None)
        return self._attempts[key]

    def _runs(self, binding: Binding, module: Module) -> bool:
        """Whether the conditions around a binding hold. Errors: Refusal if that cannot be seen."""
        return all(truth(self._evaluate(test, module)) is wanted for test, wanted in binding.place.guards)

    def _holds(self, module: Module, binding: Binding) -> bool | None:
        """Whether the conditions around a binding hold; None if that cannot be seen."""
        key = id(binding)
        if key in self._deciding:
            return None
        self._deciding.add(key)
        try:
            return self._runs(binding, module)
        except (Refusal, UnstableError):
            return None
        finally:
            self._deciding.discard(key)

    def _public(self, module: Module) -> frozenset[str] | None:
        names = self._listed(module)
        return None if names is None else frozenset(names)

    def _listed(self, module: Module) -> list[str] | None:
        """The names in ``__all__``, which further statements may add to; None if they cannot be seen."""
        if module.name not in self._lists:
            self._lists[module.name] = None  # ends a circle
            self._lists[module.name] = self._read_list(module)
        return self._lists[module.name]

    def _read_list(self, module: Module) -> list[str] | None:
        if _CHANGED_ALL.search(module.source):
            return None
        found: list[Any] = []
        try:
            for binding in self._names.table(module).bindings["__all__"]:
                adds = isinstance(binding.node, ast.AugAssign) and isinstance(binding.node.op, ast.Add)
                value = binding.node.value if isinstance(binding.node, ast.AugAssign) and adds else binding.value
                if value is None or binding.place != Place() or bool(found) is not adds:
                    return None
                found += self._evaluate(value, module)
        except (Refusal, TypeError):
            return None
        return found if all(isinstance(item, str) for item in found) else None

    def _check_unchanged(self, module: Module, name: str, value: Any, node: Node, scope: Scope) -> None:
        """Errors: Refusal if the value is changed somewhere after it was bound, or the name bound from outside."""
        changed = self.changes.is_changed(module, name, value)
        if changed or (isinstance(value, ClassValue) and self.changes.is_class_changed(value.module, value.node.name)):
            raise Refusal(
                "FS003",
                f"'{name}' is changed after it was bound, so its value is not a constant",
                scope.module.span(node),
                help="write the whole value where it is bound, for example by a comprehension or {**one, **other}",
            )


def unknown_flowstone_name(name: str, span: Span, *, silent: bool = False) -> Refusal:
    """The refusal of a name that ``flowstone`` does not offer."""
    hint = did_you_mean(name, PUBLIC_NAMES) or "see the reference for what flowstone offers"
    near = nearest(name, PUBLIC_NAMES)
    fix = None if near is None else either(rename_import(span, name, near), respell(span, name, near))
    return Refusal("FS004", f"'flowstone' has no '{name}'", span, help=hint, silent=silent, fix=fix)


def _defined_name(name: str, known: Iterable[str], span: Span) -> MakeFix | None:
    """Import a name, or write the one that is meant."""
    if name in PUBLIC_NAMES:
        return import_name(span, name)
    near = nearest(name, known)
    return None if near is None else respell(span, name, near)
