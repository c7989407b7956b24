"""The evaluator of constant expressions: the value that Python would give, or a refusal. It runs no user code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, ClassVar

from flowstone.frontend import iteration, library, methods, operators
from flowstone.frontend.advice import advice_for
from flowstone.frontend.arguments import apart
from flowstone.frontend.classes import plain_method
from flowstone.frontend.construct import Argument, construct, symbolic
from flowstone.frontend.instances import Instances
from flowstone.frontend.names import Names
from flowstone.frontend.records import make_tuple_class
from flowstone.frontend.values import (
    ClassValue,
    EnumMember,
    FunctionValue,
    Instance,
    LambdaValue,
    Reference,
    Refusal,
    Scope,
    Symbol,
    TupleClass,
)

_NO_CALLEE = library.Callee(print)


class Evaluator(Instances):
    """Evaluates expressions of the project, calls included: FlowStone's types and what the library table allows."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.methods[ast.Call] = self._call

    # -- calls ----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, scope)
            if not isinstance(owner, Symbol):
                return self._call_method(owner, node.func.attr, node, scope)
            if isinstance(owner, Instance | EnumMember | ClassValue | TupleClass):
                return self.call_member(owner, node.func, node, scope)
            function = self.member(owner, node.func, scope)
        else:
            function = self._value(node.func, scope)
        match function:
            case Reference():
                return self._call_reference(function.dotted, node, scope)
            case ClassValue():
                return self._call_class(function, node, scope)
            case TupleClass():
                positional, keywords = apart(self.arguments(node, scope))
                return function.made(*positional, **keywords)
            case FunctionValue() | LambdaValue():
                positional, keywords = apart(self.arguments(node, scope))
                return self.call(function, positional, keywords, node, scope)
        raise self.not_seen(function, node, scope)

    def _call_reference(self, dotted: str, node: ast.Call, scope: Scope) -> Any:
        package, _, name = dotted.rpartition(".")
        if package == "flowstone":
            return construct(name, self.arguments(node, scope), node, scope.module)
        if dotted in library.CALLS:
            return self._call_library(dotted, node, scope)
        if package in library.TYPES and methods.names_method(library.TYPES[package], name) and node.args:
            owner, *positional = apart(self._plain_arguments(node, scope))[0]
            if isinstance(owner, library.TYPES[package]):
                return methods.call_method(owner, name, positional, {})
        special = self._special.get(dotted)
        if special is not None:
            return special(self, node, scope)
        raise self.not_seen(Reference(dotted), node, scope)

    def _call_library(self, dotted: str, node: ast.Call, scope: Scope) -> Any:
        callee = library.CALLS[dotted]
        arguments = self._plain_arguments(node, scope, callee)
        positional, keywords = apart(arguments)
        if callee.keywords is not None and not keywords.keys() <= callee.keywords:
            name, unknown = dotted.rpartition(".")[2], min(keywords.keys() - callee.keywords)
            raise self.refused(node, scope, f"{name}() is evaluated without the keyword '{unknown}'")
        return callee.function(*positional, **keywords)

    def _plain_arguments(self, node: ast.Call, scope: Scope, callee: library.Callee = _NO_CALLEE) -> list[Argument]:
        """Arguments as a function of Python takes them. Errors: Refusal for what it would have to look into."""
        arguments = self.arguments(node, scope)
        sorts = bool(callee.callbacks) and any(item.name == "key" for item in arguments)
        for place, argument in enumerate(arguments):
            value = argument.value
            if (place if argument.name is None else argument.name) in callee.callbacks:
                argument.value = self._callback(value, node, scope)
            elif isinstance(value, ClassValue) and value in self.enums:
                argument.value = self.enums.iterated(value)
            elif not self._is_taken(value, symbols=callee.symbols or sorts):
                raise symbolic(value, argument.span, "this argument")
        return arguments

    def _is_taken(self, value: Any, *, symbols: bool) -> bool:
        """Whether a function of Python may have this argument; with symbols if it does not look into its items."""
        if not self.weights.is_symbolic(value) or _only_members(value):
            return True
        return symbols and not isinstance(value, Symbol)

    def _callback(self, function: Any, node: ast.Call, scope: Scope) -> Callable[..., Any] | None:
        """A function of Python that calls what is given as an argument. Errors: Refusal."""
        match function:
            case None:
                return None
            case FunctionValue() | LambdaValue():
                return lambda *given: self._stepped(self.call(function, given, {}, node, scope))
            case Reference(dotted=dotted) if dotted in library.CALLS and not library.CALLS[dotted].callbacks:
                return lambda *given: self._stepped(library.CALLS[dotted].function(*map(_not_symbolic, given)))
            case Reference(dotted=dotted) if (kind := library.TYPES.get(dotted.rpartition(".")[0])) is not None:
                name = dotted.rpartition(".")[2]
                if methods.names_method(kind, name):
                    return lambda owner, *given: self._stepped(_unbound(kind, name, owner, given))
            case ClassValue() | TupleClass():
                return lambda *given: self._stepped(self.construct(function, given, {}, node, scope))
        raise (
            symbolic(function, scope.module.span(node), "this function")
            if isinstance(function, Symbol)
            else TypeError(f"'{type(function).__name__}' object is not callable")
        )

    def _stepped(self, value: Any) -> Any:
        self.step()
        return self._weigh(operators.bounded(value))

    def _call_method(self, owner: Any, name: str, node: ast.Call, scope: Scope) -> Any:
        cls = self.class_of(owner)
        found = None if cls is None else plain_method(cls, name, self.names)
        if found is not None:
            positional, keywords = apart(self.arguments(node, scope))
            return self.call(found[0], [owner, *positional], keywords, node, scope)
        if not methods.allowed(methods.METHODS, owner, name):
            raise self.refused(node, scope, f"the method '{name}' of a {type(owner).__name__} is not evaluated")
        positional, keywords = apart(self._plain_arguments(node, scope))
        return methods.call_method(owner, name, positional, keywords)

    def _call_class(self, cls: ClassValue, node: ast.Call, scope: Scope) -> Any:
        positional, keywords = apart(self.arguments(node, scope))
        return self.construct(cls, positional, keywords, node, scope)

    # -- functions that are more than a call of Python's own --------------------------------------------------------

    def _get_attribute(self, node: ast.Call, scope: Scope) -> Any:
        if len(node.args) == 2 and not node.keywords:
            name = self._plain(node.args[1], scope)
            if isinstance(name, str) and name.isidentifier():
                return self._attribute(ast.copy_location(ast.Attribute(node.args[0], name, ast.Load()), node), scope)
        raise self.not_seen(Reference("builtins.getattr"), node, scope)

    def _is_instance(self, node: ast.Call, scope: Scope) -> bool:
        if len(node.args) != 2 or node.keywords:
            raise self.not_seen(Reference("builtins.isinstance"), node, scope)
        value, kind = self._value(node.args[0], scope), self._value(node.args[1], scope)
        kinds = [
            library.TYPES.get(getattr(item, "dotted", "")) for item in (kind if isinstance(kind, tuple) else (kind,))
        ]
        if None in kinds or isinstance(value, Symbol):
            raise self.not_seen(Reference("builtins.isinstance"), node, scope)
        return isinstance(value, tuple(item for item in kinds if item is not None))

    def _cast(self, node: ast.Call, scope: Scope) -> Any:
        if len(node.args) != 2 or node.keywords:
            raise self.not_seen(Reference("typing.cast"), node, scope)
        return self._value(node.args[1], scope)

    def _make_named_tuple(self, node: ast.Call, scope: Scope) -> TupleClass:
        positional, keywords = apart(self._plain_arguments(node, scope))
        name, fields = positional if len(positional) == 2 else (None, None)
        if not keywords.keys() <= {"defaults"} or not isinstance(fields, str | list | tuple):
            raise self.not_seen(Reference("collections.namedtuple"), node, scope)
        names = fields.replace(",", " ").split() if isinstance(fields, str) else list(fields)
        return make_tuple_class(f"{scope.module.name}.{name}", str(name), names, keywords.get("defaults") or ())

    _special: ClassVar[dict[str, Callable[[Evaluator, ast.Call, Scope], Any]]] = {
        "builtins.getattr": _get_attribute,
        "builtins.isinstance": _is_instance,
        "collections.namedtuple": _make_named_tuple,
        "typing.cast": _cast,
    }

    def not_seen(self, what: Any, node: ast.expr, scope: Scope) -> Refusal:
        """The refusal of a value that only exists when the code runs."""
        dotted = what.dotted if isinstance(what, Symbol) else type(what).__name__
        call = "()" if isinstance(node, ast.Call) else ""
        message = f"the value of '{dotted.removeprefix('builtins.')}{call}' is only known when the code runs"
        return self.refused(node, scope, message, help=advice_for(what, node))


def _not_symbolic(value: Any) -> Any:
    if iteration.is_symbolic(value):
        raise operators.UnstableError("what a function makes of a thing that can only be named cannot be seen")
    return value


def _unbound(kind: type, name: str, owner: Any, given: tuple[Any, ...]) -> Any:
    if not isinstance(owner, kind):
        raise TypeError(f"descriptor '{name}' is no method of a '{type(owner).__name__}'")
    return methods.call_method(owner, name, list(given), {})


def _only_members(value: Any) -> bool:
    """Whether everything in a value can be compared and hashed as Python does it."""
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_only_members, value))
    if isinstance(value, dict):
        return all(map(_only_members, (*value.keys(), *value.values())))
    return not isinstance(value, Symbol) or isinstance(value, EnumMember)
