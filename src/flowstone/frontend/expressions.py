"""Expressions without calls: names, operators, texts, containers and comprehensions."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowstone.frontend import methods, operators, versions
from flowstone.frontend.bound_names import BoundNames
from flowstone.frontend.changes import Changes
from flowstone.frontend.classes import class_attribute, plain_method
from flowstone.frontend.construct import symbolic
from flowstone.frontend.expected import shown
from flowstone.frontend.iteration import first_symbol
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    EnumMember,
    FunctionValue,
    Instance,
    LambdaValue,
    ModuleValue,
    Node,
    NumberMember,
    Reference,
    Refusal,
    Scope,
    Symbol,
    TextMember,
    Unknown,
)
from flowstone.frontend.versions import Version
from flowstone.frontend.walk import ADVICE, Walk


class Expressions(Walk):
    """Evaluates everything but calls. Values of module-level names are computed once."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self._unpacked: dict[int, dict[str, Any]] = {}
        self._bound = BoundNames(names, self._value_of_binding, self._parts_of_binding)
        self.methods |= {
            ast.Constant: lambda node, _: node.value,
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.Dict: self._dict,
            ast.DictComp: self._dict_comprehension,
            ast.FormattedValue: self._formatted,
            ast.GeneratorExp: self._generator,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._joined,
            ast.Lambda: lambda node, scope: LambdaValue(scope, node),
            ast.List: self._list,
            ast.ListComp: self._list_comprehension,
            ast.Name: self._name,
            ast.NamedExpr: self._named,
            ast.Set: self._set,
            ast.SetComp: self._set_comprehension,
            ast.Subscript: self._subscript,
            ast.Tuple: self._tuple,
            ast.UnaryOp: self._unary,
        }

    # -- names ----------------------------------------------------------------------------------------------------

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        for values in (scope.targets, scope.assigned, scope.own, scope.values):
            if node.id in values:
                value = values[node.id]
                if isinstance(value, Unknown):
                    raise _unknown(node, value, scope)
                return value
        return self._bound.value(node.id, node, scope)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = scope.assigned[node.target.id] = self._value(node.value, scope)
        return value

    def _value_of_binding(self, node: ast.expr, module: Module) -> Any:
        value = self._value(node, Scope(module))
        self.weights.keep(value)
        return value

    def _parts_of_binding(self, target: ast.expr, node: ast.expr, module: Module) -> dict[str, Any]:
        key = id(target)
        if key not in self._unpacked:
            self._unpacked[key] = self.unpack(target, self._value_of_binding(node, module), Scope(module))
        return self._unpacked[key]

    def imported(self, dotted: str, node: Node, scope: Scope) -> Any:
        """The value of what an import inside of a function binds. Errors: Refusal."""
        return self._bound.imported(dotted, node, scope)

    @property
    def changes(self) -> Changes:
        """What of the project is changed after it was bound."""
        return self._bound.changes

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        owner = self._value(node.value, scope)
        if isinstance(owner, Symbol | TextMember | NumberMember):
            return self.member(owner, node, scope)
        if isinstance(owner, tuple) and node.attr in getattr(owner, "_fields", ()):
            return getattr(owner, node.attr)
        if type(owner).__module__.startswith("flowstone.dsl.") and node.attr in type(owner).__dataclass_fields__:
            return getattr(owner, node.attr)
        if methods.allowed(methods.ATTRIBUTES, owner, node.attr):
            return getattr(owner, node.attr)
        raise self.refused(node, scope, f"the attribute '{node.attr}' of a {type(owner).__name__} is not evaluated")

    def member(self, owner: Symbol | TextMember | NumberMember, node: ast.Attribute, scope: Scope) -> Any:
        """The value of an attribute of a symbol. Errors: Refusal."""
        match owner:
            case ModuleValue():
                return self._bound.member(owner.dotted, node.attr, node, scope)
            case Reference():
                return self._bound.external(f"{owner.dotted}.{node.attr}", node, scope)
            case Version() if (part := owner.attribute(node.attr)) is not None:
                return part
            case ClassValue() if owner in self.enums:
                return self.enums.attribute(owner, node.attr, scope.module.span(node))
            case ClassValue():
                return self._class_attribute(owner, node, scope)
            case Instance() if node.attr in owner.fields:
                return owner.fields[node.attr]
            case EnumMember() | TextMember() | NumberMember() if node.attr in ("name", "value"):
                return owner.name if node.attr == "name" else owner.value
            case Instance() | EnumMember() | TextMember() | NumberMember():
                return self._member_of(owner, node, scope)
        raise self.refused(node, scope, f"the attribute '{node.attr}' of '{owner.dotted}' is not evaluated")

    def _class_attribute(self, owner: ClassValue, node: ast.Attribute, scope: Scope) -> Any:
        return class_attribute(owner, node.attr, self.names, self._value, scope.module.span(node))

    def _member_of(
        self, owner: Instance | EnumMember | TextMember | NumberMember, node: ast.Attribute, scope: Scope
    ) -> Any:
        """A property, or an attribute of the class, of an instance or member."""
        cls = owner.cls
        found = None if cls is None else plain_method(cls, node.attr, self.names)
        if found is not None and found[1]:
            return self.call(found[0], [owner], {}, node, scope)
        if isinstance(owner, Instance) and found is None:
            return self._class_attribute(owner.cls, node, scope)
        what = "member" if cls is None else cls.node.name
        raise self.refused(node, scope, f"the attribute '{node.attr}' of a '{what}' is not evaluated")

    @abstractmethod
    def call(
        self,
        function: FunctionValue | LambdaValue,
        positional: Sequence[Any],
        keywords: Mapping[str, Any],
        node: ast.expr,
        scope: Scope,
    ) -> Any:
        """The value of a call of a project function. Errors: Refusal, TypeError."""

    # -- operators ------------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp, scope: Scope) -> Any:
        if type(node.op) not in operators.BINARY:
            raise self.refused(node, scope, "this operator is not evaluated")
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):  # a + b + c + ... is as deep as it is long
            chain.append(chain[-1].left)
        value = self._plain(chain[-1].left, scope)
        for item in reversed(chain):
            self.step()
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
            compare = operators.COMPARISONS[type(operation)]
            if isinstance(left, Version) or isinstance(right, Version):
                outcome = versions.compare(compare, left, right)
            else:
                outcome = compare(left, right)
            if not outcome:
                return False
            left = right
        return True

    def _comparable(self, node: ast.expr, scope: Scope) -> Any:
        value = self._value(node, scope)
        if self.weights.is_symbolic(value) and not _can_compare(value):
            raise symbolic(value, scope.module.span(node), "what is compared")
        return value

    def _conditional(self, node: ast.IfExp, scope: Scope) -> Any:
        return self._value(node.body if self._truth(node.test, scope) else node.orelse, scope)

    # -- texts ----------------------------------------------------------------------------------------------------

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> str:
        found: list[str] = []
        length = 0
        for part in node.values:
            found.append(str(self._plain(part, scope)))
            length += len(found[-1])
            if length > operators.MAX_TEXT:
                raise operators.LimitError(f"the text would be longer than {operators.MAX_TEXT} characters")
        return "".join(found)

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
        if isinstance(owner, ClassValue) and owner in self.enums:
            return self.enums.attribute(owner, str(self._plain(node.slice, scope)), scope.module.span(node))
        if isinstance(owner, Version) and (part := owner.item(self._index(node.slice, scope))) is not None:
            return part
        if isinstance(owner, Symbol):
            raise self.not_seen(owner, node, scope)
        return owner[self._index(node.slice, scope)]

    def _index(self, node: ast.expr, scope: Scope) -> Any:
        if not isinstance(node, ast.Slice):
            value = self._value(node, scope)
            return value if isinstance(value, EnumMember) else self._plain(node, scope)
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
            self.step()
            inner = scope.bind(self.unpack(first.target, item, scope))
            if all(self._truth(test, inner) for test in first.ifs):
                yield from self.turns(rest, inner)

    def unpack(self, target: ast.expr, value: Any, scope: Scope) -> dict[str, Any]:
        """The names that an assignment of the value to a target binds. Errors: Refusal."""
        if isinstance(target, ast.Name):
            return {target.id: value}
        if isinstance(target, ast.Starred):
            return self.unpack(target.value, value, scope)
        if not isinstance(target, ast.Tuple | ast.List):
            raise self.refused(target, scope, "this target of an assignment is not evaluated")
        items = list(value) if isinstance(value, str | list | tuple | dict | range) else None
        stars = [place for place, item in enumerate(target.elts) if isinstance(item, ast.Starred)]
        if items is not None and stars and len(items) >= len(target.elts) - 1:
            first, behind = stars[0], len(target.elts) - stars[0] - 1
            items = [*items[:first], items[first : len(items) - behind], *items[len(items) - behind :]]
        if items is None or len(items) != len(target.elts):
            message = f"{len(target.elts)} names cannot be bound to the parts of {shown(value)}"
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
            found.append(self._kept(element, inner))
            if len(found) > operators.MAX_ITEMS:
                raise operators.LimitError(f"more than {operators.MAX_ITEMS} items")
        return found

    def _kept(self, element: ast.expr, inner: Scope) -> Any:
        """A value of a comprehension. A lambda would see the values of the last turn."""
        value = self._value(element, inner)
        if self.weights.is_symbolic(value) and isinstance(first_symbol(value), LambdaValue):
            raise self.refused(element, inner, "a lambda that is made in a comprehension is not evaluated")
        return value

    def _set_comprehension(self, node: ast.SetComp, scope: Scope) -> set[Any]:
        return set(self._collect(node.elt, node.generators, scope))

    def _generator(self, node: ast.GeneratorExp, scope: Scope) -> Iterator[Any]:
        return (self._kept(node.elt, inner) for inner in self.turns(node.generators, scope))

    def _dict_comprehension(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        return {
            self._value(node.key, inner): self._kept(node.value, inner) for inner in self.turns(node.generators, scope)
        }

    @abstractmethod
    def not_seen(self, what: Any, node: ast.expr, scope: Scope) -> Refusal:
        """The refusal of a value that only exists when the code runs."""


def _unknown(node: ast.Name, value: Unknown, scope: Scope) -> Refusal:
    message, advice = f"the value of '{node.id}' cannot be seen", ADVICE
    if value.changed:
        message = f"'{node.id}' is changed after it was bound, so its value is not a constant"
        advice = "write the whole value where it is bound, for example by a comprehension or {**one, **other}"
    related = [(value.span, "it is bound here")]
    return Refusal("FS003", message, scope.module.span(node), help=advice, related=related)


def _can_compare(value: Any) -> bool:
    """Whether Python's result of comparing a value is known: enum members and instances have their own equality."""
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_can_compare, value))
    if isinstance(value, dict):
        return all(map(_can_compare, (*value.keys(), *value.values())))
    if isinstance(value, Instance):
        return value.comparable and all(map(_can_compare, value.fields.values()))
    return not isinstance(value, Symbol) or isinstance(value, EnumMember | Version)
