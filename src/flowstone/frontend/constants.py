"""The evaluator of constant expressions: the value that Python would give, or a refusal. It runs no user code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowstone.frontend import library, operators
from flowstone.frontend.bound_names import BoundNames
from flowstone.frontend.classes import class_attribute, enum_members, is_enum, is_frozen_dataclass, make_instance
from flowstone.frontend.construct import Argument, construct, symbolic
from flowstone.frontend.functions import bind_arguments
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    EnumMember,
    FunctionValue,
    Instance,
    ModuleValue,
    Node,
    Reference,
    Refusal,
    Scope,
    Symbol,
    TextMember,
    Unknown,
)

MAX_STEPS = 200_000
"""Most nodes that are visited for one expression."""
MAX_TOTAL_STEPS = 3_000_000
"""Most nodes that are visited for a project."""
MAX_DEPTH = 1_000
"""Deepest nesting, calls of project functions included."""

_PYTHON_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
_ADVICE = "write it with literals and names that are bound once to constants; see the guide on what is read statically"
_ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.environ.get", "os.environb"})


class Evaluator:
    """Evaluates expressions of the project. Values of module-level names are computed once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._bound = BoundNames(names, self._value_of_binding)
        self._steps = 0
        self._total = 0
        self._depth = 0
        self._methods: dict[type[ast.expr], Callable[[Any, Scope], Any]] = {
            ast.Constant: lambda node, _: node.value,
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.BoolOp: self._boolean,
            ast.Call: self._call,
            ast.Compare: self._compare,
            ast.Dict: self._dict,
            ast.DictComp: self._dict_comprehension,
            ast.FormattedValue: self._formatted,
            ast.GeneratorExp: self._generator,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._joined,
            ast.List: self._list,
            ast.ListComp: self._list_comprehension,
            ast.Name: self._name,
            ast.Set: self._set,
            ast.SetComp: self._set_comprehension,
            ast.Subscript: self._subscript,
            ast.Tuple: self._tuple,
            ast.UnaryOp: self._unary,
        }

    def constant(self, node: ast.expr, scope: Scope, what: str) -> Any:
        """The value of an expression that must be a plain constant. Errors: Refusal."""
        value = self.evaluate(node, scope)
        if library.is_symbolic(value):
            raise symbolic(value, scope.module.span(node), what)
        return value

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression; a symbol for what can only be named. Errors: Refusal."""
        if isinstance(node, ast.Constant):
            return node.value
        if self._depth == 0:
            self._total += self._steps
            self._steps = 0
        return self._value(node, scope)

    def items(self, node: ast.expr, scope: Scope) -> list[Any]:
        """The items of an iterable expression. Errors: Refusal."""
        if self._depth == 0:
            self._total += self._steps
            self._steps = 0
        return self._items(node, scope)

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

    def refused(self, node: Node, scope: Scope, message: str, *, help: str = _ADVICE) -> Refusal:
        """The refusal of an expression that is not constant."""
        return Refusal("FS003", message, scope.module.span(node), help=help)

    # -- the walk -------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, scope: Scope) -> Any:
        """A value that may be kept: no iterator that is used up when it is read."""
        value = self._loose(node, scope)
        if isinstance(value, Iterator) or type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
            raise self.refused(node, scope, "an iterator is no constant", help="wrap it in list(...)")
        return value

    def _loose(self, node: ast.expr, scope: Scope) -> Any:
        method = self._methods.get(type(node))
        if method is None:
            raise self.refused(node, scope, f"{_described(node)} is not a constant expression")
        self._steps += 1
        self._depth += 1
        try:
            self._check_limits(node, scope)
            return operators.bounded(method(node, scope))
        except operators.LimitError as error:
            raise Refusal("FS009", f"the evaluation is too large: {error}", scope.module.span(node)) from None
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except RecursionError:
            raise _too_deep(node, scope) from None
        except _PYTHON_ERRORS as error:
            message = f"this expression fails: {type(error).__name__}: {error}"
            raise Refusal("FS005", message, scope.module.span(node), help="correct the expression") from None
        finally:
            self._depth -= 1

    def _check_limits(self, node: ast.expr, scope: Scope) -> None:
        if self._steps > MAX_STEPS or self._total + self._steps > MAX_TOTAL_STEPS:
            message = f"the evaluation takes more than {MAX_STEPS} steps"
            if self._steps <= MAX_STEPS:
                message = f"the constants of the project take more than {MAX_TOTAL_STEPS} steps to evaluate"
            raise Refusal("FS009", message, scope.module.span(node), help="write the result as a literal")
        if self._depth > MAX_DEPTH:
            raise _too_deep(node, scope)

    def _plain(self, node: ast.expr, scope: Scope) -> Any:
        """A value that can be computed with."""
        value = self._value(node, scope)
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "this part of the expression")
        return value

    def _items(self, node: ast.expr, scope: Scope) -> list[Any]:
        value = self._loose(node, scope)
        if isinstance(value, ClassValue) and is_enum(value, self.names):
            return [member.value for member in enum_members(value, self.names, self._value)]
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "what is iterated")
        try:
            return list(library.ordered(value))
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except operators.LimitError as error:
            raise Refusal("FS009", f"the evaluation is too large: {error}", scope.module.span(node)) from None
        except TypeError as error:
            raise Refusal("FS005", str(error), scope.module.span(node)) from None

    def _truth(self, node: ast.expr, scope: Scope) -> bool:
        return operators.truth(self._value(node, scope))

    # -- names ----------------------------------------------------------------------------------------------------

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        if node.id in scope.values:
            value = scope.values[node.id]
            if isinstance(value, Unknown):
                raise Refusal(
                    "FS003",
                    f"the value of '{node.id}' cannot be seen",
                    scope.module.span(node),
                    help=_ADVICE,
                    related=[(value.span, "it is bound here")],
                )
            return value
        return self._bound.value(node.id, node, scope)

    def _value_of_binding(self, node: ast.expr, module: Module) -> Any:
        return self._value(node, Scope(module))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        owner = self._value(node.value, scope)
        if isinstance(owner, Symbol):
            return self._member(owner, node, scope)
        name = getattr(owner, "name", None) if node.attr == "name" else None
        if isinstance(owner, TextMember) and node.attr in ("name", "value"):
            return name if node.attr == "name" else str.__str__(owner)
        if type(owner).__module__.startswith("flowstone.dsl.") and node.attr in type(owner).__dataclass_fields__:
            return getattr(owner, node.attr)
        if library.allowed(library.ATTRIBUTES, owner, node.attr):
            return getattr(owner, node.attr)
        raise self.refused(node, scope, f"the attribute '{node.attr}' of a {type(owner).__name__} is not evaluated")

    def _member(self, owner: Symbol, node: ast.Attribute, scope: Scope) -> Any:
        match owner:
            case ModuleValue():
                return self._bound.member(owner.dotted, node.attr, node, scope)
            case Reference():
                return self._bound.external(f"{owner.dotted}.{node.attr}", node, scope)
            case ClassValue():
                return class_attribute(owner, node.attr, self.names, self._value)
            case Instance() if node.attr in owner.fields:
                return owner.fields[node.attr]
            case EnumMember() if node.attr in ("name", "value"):
                return owner.name if node.attr == "name" else owner.value
        raise self.refused(node, scope, f"the attribute '{node.attr}' of '{owner.dotted}' is not evaluated")

    # -- operators ------------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp, scope: Scope) -> Any:
        if type(node.op) not in operators.BINARY:
            raise self.refused(node, scope, "this operator is not evaluated")
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):  # a + b + c + ... is as deep as it is long
            chain.append(chain[-1].left)
        value = self._plain(chain[-1].left, scope)
        for item in reversed(chain):
            self._steps += 1
            if type(item.op) not in operators.BINARY:
                raise self.refused(item, scope, "this operator is not evaluated")
            value = operators.bounded(operators.BINARY[type(item.op)](value, self._plain(item.right, scope)))
        return value

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Any:
        return operators.UNARY[type(node.op)](self._plain(node.operand, scope))

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Any:
        wanted = isinstance(node.op, ast.Or)
        for operand in node.values:
            value = self._value(operand, scope)
            if operand is not node.values[-1] and operators.truth(value) is wanted:
                break
        return value

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self._comparable(node.left, scope)
        for operation, operand in zip(node.ops, node.comparators, strict=True):
            right = self._comparable(operand, scope)
            if not operators.COMPARISONS[type(operation)](left, right):
                return False
            left = right
        return True

    def _comparable(self, node: ast.expr, scope: Scope) -> Any:
        value = self._value(node, scope)
        if library.is_symbolic(value) and not isinstance(value, EnumMember):
            raise symbolic(value, scope.module.span(node), "what is compared")
        return value

    def _conditional(self, node: ast.IfExp, scope: Scope) -> Any:
        return self._value(node.body if self._truth(node.test, scope) else node.orelse, scope)

    # -- texts ----------------------------------------------------------------------------------------------------

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> str:
        return "".join(str(self._plain(part, scope)) for part in node.values)

    def _formatted(self, node: ast.FormattedValue, scope: Scope) -> str:
        spec = "" if node.format_spec is None else self._plain(node.format_spec, scope)
        return operators.format_value(self._plain(node.value, scope), node.conversion, spec)

    # -- containers -----------------------------------------------------------------------------------------------

    def _elements(self, nodes: list[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.extend(self._items(node.value, scope))
            else:
                found.append(self._value(node, scope))
        return found

    def _list(self, node: ast.List, scope: Scope) -> list[Any]:
        return self._elements(node.elts, scope)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> tuple[Any, ...]:
        return tuple(self._elements(node.elts, scope))

    def _set(self, node: ast.Set, scope: Scope) -> set[Any]:
        return set(self._elements(node.elts, scope))

    def _dict(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self._mapping_of(value, scope))
            else:
                found[self._value(key, scope)] = self._value(value, scope)
        return found

    def _mapping_of(self, node: ast.expr, scope: Scope) -> Mapping[Any, Any]:
        value = self._plain(node, scope)
        if not isinstance(value, dict):
            raise TypeError(f"'{type(value).__name__}' object is not a mapping")
        return value

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner = self._value(node.value, scope)
        if isinstance(owner, ClassValue) and is_enum(owner, self.names):
            name = self._plain(node.slice, scope)
            return class_attribute(owner, str(name), self.names, self._value)
        if isinstance(owner, Symbol):
            raise self._not_seen(owner, node, scope)
        return owner[self._index(node.slice, scope)]

    def _index(self, node: ast.expr, scope: Scope) -> Any:
        if not isinstance(node, ast.Slice):
            return self._plain(node, scope)
        parts = (node.lower, node.upper, node.step)
        return slice(*(None if part is None else self._plain(part, scope) for part in parts))

    # -- comprehensions -------------------------------------------------------------------------------------------

    def turns(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        """The scope of each turn of a comprehension. Errors: Refusal."""
        if not generators:
            yield scope
            return
        first, *rest = generators
        if first.is_async:
            raise self.refused(first.target, scope, "an asynchronous comprehension is not a constant expression")
        for item in self._items(first.iter, scope):
            self._steps += 1
            inner = scope.bind(self.unpack(first.target, item, scope))
            if all(self._truth(test, inner) for test in first.ifs):
                yield from self.turns(rest, inner)

    def unpack(self, target: ast.expr, value: Any, scope: Scope) -> dict[str, Any]:
        """The names that an assignment of the value to a target binds. Errors: Refusal."""
        if isinstance(target, ast.Name):
            return {target.id: value}
        if not isinstance(target, ast.Tuple | ast.List) or any(isinstance(item, ast.Starred) for item in target.elts):
            raise self.refused(target, scope, "this target of an assignment is not evaluated")
        items = list(value) if isinstance(value, str | list | tuple | dict | range) else None
        if items is None or len(items) != len(target.elts):
            message = f"{len(target.elts)} names cannot be bound to the parts of {value!r}"
            raise Refusal("FS005", message, scope.module.span(target), help="correct the number of names")
        bound: dict[str, Any] = {}
        for name, item in zip(target.elts, items, strict=True):
            bound.update(self.unpack(name, item, scope))
        return bound

    def _list_comprehension(self, node: ast.ListComp, scope: Scope) -> list[Any]:
        return self._collect(node.elt, node.generators, scope)

    def _collect(self, element: ast.expr, generators: list[ast.comprehension], scope: Scope) -> list[Any]:
        found = []
        for inner in self.turns(generators, scope):
            found.append(self._value(element, inner))
            if len(found) > operators.MAX_ITEMS:
                raise operators.LimitError(f"more than {operators.MAX_ITEMS} items")
        return found

    def _set_comprehension(self, node: ast.SetComp, scope: Scope) -> set[Any]:
        return set(self._collect(node.elt, node.generators, scope))

    def _generator(self, node: ast.GeneratorExp, scope: Scope) -> Iterator[Any]:
        return iter(self._collect(node.elt, node.generators, scope))

    def _dict_comprehension(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        return {
            self._value(node.key, inner): self._value(node.value, inner) for inner in self.turns(node.generators, scope)
        }

    # -- calls ----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, scope)
            if not isinstance(owner, Symbol):
                return self._call_method(owner, node.func.attr, node, scope)
            function = self._member(owner, node.func, scope)
        else:
            function = self._value(node.func, scope)
        match function:
            case Reference():
                return self._call_reference(function.dotted, node, scope)
            case ClassValue():
                return self._call_class(function, node, scope)
            case FunctionValue():
                return self._call_function(function, node, scope)
        raise self._not_seen(function, node, scope)

    def _call_reference(self, dotted: str, node: ast.Call, scope: Scope) -> Any:
        package, _, name = dotted.rpartition(".")
        if package == "flowstone":
            return construct(name, self.arguments(node, scope), node, scope.module)
        if package == "builtins" and name in library.FUNCTIONS:
            return self._call_builtin(name, node, scope)
        if dotted in library.CONSTRUCTORS:
            positional, keywords = self._plain_arguments(node, scope)
            return library.CONSTRUCTORS[dotted](*positional, **keywords)
        raise self._not_seen(Reference(dotted), node, scope)

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
        raise self._not_seen(cls, node, scope)

    def _call_function(self, function: FunctionValue, node: ast.Call, scope: Scope) -> Any:
        """A project function whose body is one ``return``, behind a docstring."""
        body = function.node.body[1:] if ast.get_docstring(function.node, clean=False) else function.node.body
        simple = isinstance(function.node, ast.FunctionDef) and not function.node.decorator_list and len(body) == 1
        if not simple or not isinstance(body[0], ast.Return):
            raise self._not_seen(function, node, scope)
        inner = function.scope.bind(self.bind(function, node, scope))
        return None if body[0].value is None else self._value(body[0].value, inner)

    def _not_seen(self, what: Any, node: ast.expr, scope: Scope) -> Refusal:
        dotted = what.dotted if isinstance(what, Symbol) else type(what).__name__
        advice = _ADVICE
        if dotted in _ENVIRONMENT:
            advice = "what differs between environments belongs in the configuration: profiles, or {env = ...}"
        call = "()" if isinstance(node, ast.Call) else ""
        return self.refused(node, scope, f"the value of '{dotted}{call}' is only known when the code runs", help=advice)


def _only_members(value: Any) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_only_members, value))
    return not isinstance(value, Symbol) or isinstance(value, EnumMember)


def _too_deep(node: ast.expr, scope: Scope) -> Refusal:
    return Refusal(
        "FS010",
        "this expression is too deeply nested",
        scope.module.span(node),
        help="split it into several named ones",
    )


_DESCRIPTIONS = {
    ast.Lambda: "a lambda",
    ast.Await: "an 'await'",
    ast.Yield: "a 'yield'",
    ast.NamedExpr: "an assignment ':='",
    ast.Starred: "an unpacking '*'",
}


def _described(node: ast.expr) -> str:
    return _DESCRIPTIONS.get(type(node), f"this {type(node).__name__}")
