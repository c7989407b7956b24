"""The evaluator of constant expressions: the value that Python would give, or a refusal. It runs no user code."""

from __future__ import annotations

import ast
from typing import Any

from flowstone.frontend import library
from flowstone.frontend.classes import enum_members, is_enum, is_frozen_dataclass, make_instance
from flowstone.frontend.construct import Argument, construct, symbolic
from flowstone.frontend.expressions import Expressions
from flowstone.frontend.functions import bind_arguments
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    EnumMember,
    FunctionValue,
    Reference,
    Refusal,
    Scope,
    Symbol,
)


class Evaluator(Expressions):
    """Evaluates expressions of the project, calls included: FlowStone's types and what the library table allows."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.methods[ast.Call] = self._call

    def arguments(self, call: ast.Call, scope: Scope) -> list[Argument]:
        """The arguments of a call, ``*`` and ``**`` taken apart. Errors: Refusal."""
        found = []
        for node in call.args:
            span = scope.module.span(node)
            if isinstance(node, ast.Starred):
                found += [Argument(None, item, span, span) for item in self._items(node.value, scope)]
            else:
                found.append(Argument(None, self._loose(node, scope), span, span))
        for keyword in call.keywords:
            span = scope.module.span(keyword.value)
            if keyword.arg is None:
                for name, value in self.mapping(keyword.value, scope).items():
                    found.append(Argument(name, value, span, span))
            else:
                found.append(Argument(keyword.arg, self._loose(keyword.value, scope), span, scope.module.span(keyword)))
        return found

    def mapping(self, node: ast.expr, scope: Scope) -> dict[str, Any]:
        """A mapping from texts, as ``**`` takes it. Errors: Refusal."""
        value = self.evaluate(node, scope)
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self.refused(node, scope, "what follows '**' must be a mapping from texts")
        return value

    def bind(self, function: FunctionValue, call: ast.Call, scope: Scope) -> dict[str, Any]:
        """The parameters of a project function in a call. Errors: Refusal."""
        arguments = self.arguments(call, scope)
        positional = [item.value for item in arguments if item.name is None]
        keywords = {item.name: item.value for item in arguments if item.name is not None}
        try:
            return bind_arguments(
                function.node, positional, keywords, lambda default: self.evaluate(default, function.scope)
            )
        except TypeError as error:
            raise Refusal("FS005", str(error), scope.module.span(call)) from None

    # -- calls ----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, scope)
            if not isinstance(owner, Symbol):
                return self._call_method(owner, node.func.attr, node, scope)
            function = self.member(owner, node.func, scope)
        else:
            function = self._value(node.func, scope)
        match function:
            case Reference():
                return self._call_reference(function.dotted, node, scope)
            case ClassValue():
                return self._call_class(function, node, scope)
            case FunctionValue():
                return self._call_function(function, node, scope)
        raise self.not_seen(function, node, scope)

    def _call_reference(self, dotted: str, node: ast.Call, scope: Scope) -> Any:
        package, _, name = dotted.rpartition(".")
        if package == "flowstone":
            return construct(name, self.arguments(node, scope), node, scope.module)
        if package == "builtins" and name in library.FUNCTIONS:
            return self._call_builtin(name, node, scope)
        if dotted in library.CONSTRUCTORS:
            positional, keywords = self._plain_arguments(node, scope)
            return library.CONSTRUCTORS[dotted](*positional, **keywords)
        raise self.not_seen(Reference(dotted), node, scope)

    def _call_builtin(self, name: str, node: ast.Call, scope: Scope) -> Any:
        positional, keywords = self._plain_arguments(node, scope)
        known = library.FUNCTION_KEYWORDS.get(name, set())
        if known is not None and not set(keywords) <= known:
            raise self.refused(node, scope, f"{name}() is evaluated without the keyword '{min(set(keywords) - known)}'")
        return library.FUNCTIONS[name](*positional, **keywords)

    def _plain_arguments(self, node: ast.Call, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
        arguments = self.arguments(node, scope)
        for argument in arguments:
            if isinstance(argument.value, ClassValue) and is_enum(argument.value, self.names):
                members = enum_members(argument.value, self.names, self._value)
                argument.value = [member.value for member in members]
            elif library.is_symbolic(argument.value) and not _only_members(argument.value):
                raise symbolic(argument.value, argument.span, "this argument")
        positional = [item.value for item in arguments if item.name is None]
        return positional, {item.name: item.value for item in arguments if item.name is not None}

    def _call_method(self, owner: Any, name: str, node: ast.Call, scope: Scope) -> Any:
        if not library.allowed(library.METHODS, owner, name):
            raise self.refused(node, scope, f"the method '{name}' of a {type(owner).__name__} is not evaluated")
        positional, keywords = self._plain_arguments(node, scope)
        return library.call_method(owner, name, positional, keywords)

    def _call_class(self, cls: ClassValue, node: ast.Call, scope: Scope) -> Any:
        arguments = self.arguments(node, scope)
        positional = [item.value for item in arguments if item.name is None]
        if is_enum(cls, self.names) and len(arguments) == len(positional) == 1:
            for member in enum_members(cls, self.names, self._value):
                value = member.value
                if (value.value if isinstance(value, EnumMember) else value) == positional[0]:
                    return value
            raise ValueError(f"{positional[0]!r} is not a valid {cls.node.name}")
        if is_frozen_dataclass(cls, self.names):
            keywords = {item.name: item.value for item in arguments if item.name is not None}
            return make_instance(cls, positional, keywords, self._value)
        raise self.not_seen(cls, node, scope)

    def _call_function(self, function: FunctionValue, node: ast.Call, scope: Scope) -> Any:
        """A project function whose body is one ``return``, behind a docstring."""
        body = function.node.body[1:] if ast.get_docstring(function.node, clean=False) else function.node.body
        simple = isinstance(function.node, ast.FunctionDef) and not function.node.decorator_list and len(body) == 1
        if not simple or not isinstance(body[0], ast.Return):
            raise self.not_seen(function, node, scope)
        inner = function.scope.bind(self.bind(function, node, scope))
        return None if body[0].value is None else self._value(body[0].value, inner)


def _only_members(value: Any) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_only_members, value))
    return not isinstance(value, Symbol) or isinstance(value, EnumMember)
