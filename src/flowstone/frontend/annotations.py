"""Annotations as type expressions. They are read as syntax; what is not understood is the unknown type."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from flowstone.frontend.bindings import Binding
from flowstone.frontend.classes import is_opaque
from flowstone.frontend.names import Builtin, Defined, External, Names, Public
from flowstone.frontend.spelling import NONE_TYPES, external
from flowstone.frontend.values import ClassValue, Reference, Scope
from flowstone.ir.types import UNION, UNKNOWN, ClassInfo, TypeExpr

ANY = TypeExpr(name=UNKNOWN)
NONE = TypeExpr(name="None")
_BOOL = TypeExpr(name="bool")
_TUPLE = TypeExpr(name="tuple")
_WRAPPERS = frozenset({"Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required"})
_GUARDS = frozenset({"TypeGuard", "TypeIs"})
_TYPE_VARIABLES = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})
_NEW_TYPES = frozenset({"typing.NewType", "typing_extensions.NewType"})
_MAX_DEPTH = 100
_MAX_SIZE = 1_000
"""Parts of one annotation with all aliases put in. Aliases of aliases can double it with every line."""


class _Argument(Struct, frozen=True):
    """What a type variable stands for while an alias with arguments is read."""

    type: TypeExpr


class Annotations:
    """Reads annotations and keeps the classes of the project that they name."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._plain: dict[tuple[str, str], tuple[TypeExpr, int]] = {}
        """Types of plain names, with the number of their parts."""
        self._written: dict[tuple[str, str], TypeExpr] = {}
        self._shared: dict[TypeExpr, TypeExpr] = {}
        self._size = 0
        self._bases = 0
        self.classes: dict[str, ClassInfo] = {}
        """By full name, with the bases of the bases."""

    def read(self, node: ast.expr | None, scope: Scope) -> TypeExpr | None:
        """The type expression of an annotation; None if there is none. Equal ones are mostly one object."""
        self._size = 0
        if node is None:
            return None
        if scope.values or isinstance(node, ast.Name) or node.lineno != node.end_lineno:
            return self._read(node, scope, 0)
        line = scope.module.lines[node.lineno - 1]
        if not line.isascii():  # columns are counted in bytes
            return self._read(node, scope, 0)
        key = (scope.module.name, line[node.col_offset : node.end_col_offset])
        if key not in self._written:
            found = self._read(node, scope, 0)
            self._written[key] = self._shared.setdefault(found, found)
        return self._written[key]

    def _read(self, node: ast.expr, scope: Scope, depth: int) -> TypeExpr:
        self._size += 1
        if depth > _MAX_DEPTH or self._size > _MAX_SIZE:
            return ANY
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str() as text):
                return self._text(text, scope, depth + 1)
            case ast.Name() | ast.Attribute():
                return self._name(node, scope, depth + 1)
            case ast.Subscript():
                return self._subscript(node, scope, depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                return _union(self._read(part, scope, depth + 1) for part in _alternatives(node))
        return ANY

    def _text(self, text: str, scope: Scope, depth: int) -> TypeExpr:
        try:
            return self._read(ast.parse(f"({text.strip()})", mode="eval").body, scope, depth)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ANY

    def _name(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> TypeExpr:
        if isinstance(node, ast.Name) and node.id in scope.values:
            return self._local(scope.values[node.id])
        key = (scope.module.name, _dotted(node))
        if key not in self._plain:
            self._plain[key] = ANY, 1  # ends a circle of aliases
            before = self._size
            self._plain[key] = self._resolve(node, scope, depth), self._size - before + 1
            self._size = before
        found, size = self._plain[key]
        self._size += size
        return found if self._size <= _MAX_SIZE else ANY

    def _local(self, value: object) -> TypeExpr:
        if isinstance(value, _Argument):
            return value.type
        if isinstance(value, ClassValue):
            return self._project_class(value)
        if isinstance(value, Reference):
            return _external(value.dotted)
        return NONE if value is None else ANY

    def _resolve(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> TypeExpr:
        match self._names.resolve(scope.module, node):
            case Builtin(name=name):
                return _plain(name)
            case External(dotted=dotted):
                return _external(dotted)
            case Public(name=name):
                return TypeExpr(name=f"flowstone.{name}")
            case Defined() as target:
                return self._defined(target, depth)
        return ANY

    def _defined(self, target: Defined, depth: int) -> TypeExpr:
        bindings: tuple[Binding, ...] = target.bindings
        if len(bindings) != 1:  # which of them holds is known only when the module runs
            return ANY
        node, value = bindings[0].node, bindings[0].value
        if isinstance(node, ast.ClassDef):
            return self._project_class(ClassValue(target.module, node))
        if isinstance(value, ast.Call) and self._is_call_of(value, _NEW_TYPES, target):
            return self._new_type(target, value, depth)
        return ANY if value is None else self._read(value, Scope(target.module), depth)  # a type alias

    def _is_call_of(self, node: ast.Call, functions: frozenset[str], place: Defined) -> bool:
        found = self._names.resolve(place.module, node.func)
        return isinstance(found, External) and found.dotted in functions

    def _new_type(self, target: Defined, call: ast.Call, depth: int) -> TypeExpr:
        """A ``NewType``: as a class with one base; of a class that is not the project's as that class, for the store
        must know what it is.
        """
        name = f"{target.module.name}.{target.name}"
        if name not in self.classes:
            base = self._read(call.args[1], Scope(target.module), depth) if len(call.args) == 2 else ANY
            if "." in base.name and base.name not in self.classes:
                return base
            self.classes[name] = ClassInfo(name=name, bases=(_as_base(base),))
        return TypeExpr(name=name)

    def _project_class(self, cls: ClassValue) -> TypeExpr:
        if cls.dotted not in self.classes:
            self.classes[cls.dotted] = ClassInfo(name=cls.dotted, bases=(ANY,))  # ends a circle of bases
            if self._bases <= _MAX_DEPTH:
                self._bases += 1
                self.classes[cls.dotted] = self._class_info(cls)
                self._bases -= 1
        return TypeExpr(name=cls.dotted)

    def _class_info(self, cls: ClassValue) -> ClassInfo:
        scope = Scope(cls.module)
        bases = [_as_base(self._apart(base, scope)) for base in cls.node.bases]
        fields = {}
        if any(base.name == "NamedTuple" or self._is_typed_dict(base.name, 0) for base in bases):
            fields = {
                item.target.id: self._apart(item.annotation, scope)
                for item in cls.node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            }
        opaque = is_opaque(cls) and all(map(self._is_opaque_base, bases))
        return ClassInfo(name=cls.dotted, bases=tuple(bases), fields=fields, opaque=opaque)

    def _is_opaque_base(self, base: TypeExpr) -> bool:
        return base.name in ("object", "Generic") or (base.name in self.classes and self.classes[base.name].opaque)

    def _apart(self, node: ast.expr, scope: Scope) -> TypeExpr:
        """An annotation that is no part of the one that is being read."""
        before, self._size = self._size, 0
        found = self._read(node, scope, 0)
        self._size = before
        return found

    def _is_typed_dict(self, name: str, depth: int) -> bool:
        if name == "TypedDict" or name not in self.classes or depth > _MAX_DEPTH:
            return name == "TypedDict"
        return any(self._is_typed_dict(base.name, depth + 1) for base in self.classes[name].bases)

    def _subscript(self, node: ast.Subscript, scope: Scope, depth: int) -> TypeExpr:
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        alias = self._alias(node.value, scope)
        if alias is not None:
            return self._with_arguments(alias, [self._read(item, scope, depth) for item in items], depth)
        base = self._read(node.value, scope, depth)
        if base.name == "Literal":
            return self._literal(items, scope, depth)
        if base.name in _WRAPPERS:
            return self._read(items[0], scope, depth) if items else ANY
        if base.name in _GUARDS:
            return _BOOL
        if base.name == "Callable" or base.args or base.name in (UNKNOWN, UNION):
            return base
        return self._generic(base, items, scope, depth)

    def _generic(self, base: TypeExpr, items: list[ast.expr], scope: Scope, depth: int) -> TypeExpr:
        arguments = tuple(
            TypeExpr(name="...")
            if isinstance(item, ast.Constant) and item.value is ...
            else self._read(item, scope, depth)
            for item in items
        )
        if base.name == "Optional":
            return _union([*arguments, NONE])
        if base.name == "Union":
            return _union(arguments)
        if base.name == "tuple" and any(
            isinstance(item, ast.Starred) or argument.name == "Unpack"
            for item, argument in zip(items, arguments, strict=True)
        ):
            return _TUPLE  # of any length
        return TypeExpr(name=base.name, args=arguments)

    # -- aliases with arguments -----------------------------------------------------------------------------------

    def _alias(self, node: ast.expr, scope: Scope) -> Defined | None:
        """The alias that a name stands for, if it is one that the project defines by an expression."""
        if not isinstance(node, ast.Name | ast.Attribute) or _dotted(node) in scope.values:
            return None
        target = self._names.resolve(scope.module, node)
        if not isinstance(target, Defined) or len(target.bindings) != 1:
            return None
        return target if isinstance(target.bindings[0].value, ast.Subscript | ast.BinOp) else None

    def _with_arguments(self, alias: Defined, arguments: list[TypeExpr], depth: int) -> TypeExpr:
        """The alias with its type variables replaced, in the order in which they first stand in it."""
        value = alias.bindings[0].value
        assert value is not None
        declared = getattr(alias.bindings[0].node, "type_params", ())  # Python 3.12
        names = [item.name for item in declared] or list(self._variables(value, alias))
        given = dict(zip(names, map(_Argument, arguments), strict=False))
        return self._read(value, Scope(alias.module, given), depth)

    def _variables(self, value: ast.expr, alias: Defined) -> dict[str, None]:
        found: dict[str, None] = {}
        pending: list[ast.AST] = [value]
        while pending:  # in the order of the source
            node = pending.pop()
            if isinstance(node, ast.Name) and self._is_type_variable(node, alias):
                found[node.id] = None
            pending.extend(reversed(list(ast.iter_child_nodes(node))))
        return found

    def _is_type_variable(self, node: ast.Name, place: Defined) -> bool:
        target = self._names.resolve(place.module, node)
        if not isinstance(target, Defined) or len(target.bindings) != 1:
            return False
        value = target.bindings[0].value
        return isinstance(value, ast.Call) and self._is_call_of(value, _TYPE_VARIABLES, target)

    def _literal(self, items: list[ast.expr], scope: Scope, depth: int) -> TypeExpr:
        values: list[str | int | bool | None] = []
        for item in items:
            negative = isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub)
            constant = item.operand if isinstance(item, ast.UnaryOp) else item
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str | int | None):
                value = constant.value
                values.append(-value if negative and isinstance(value, int) else value)
                continue
            inner = self._read(item, scope, depth) if isinstance(item, ast.Name | ast.Subscript) else ANY
            if inner.name != "Literal":
                return ANY
            values.extend(inner.values)
        return TypeExpr(name="Literal", values=tuple(values))


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(parts))


def _external(dotted: str) -> TypeExpr:
    name = external(dotted)
    if name is None:
        return ANY
    return NONE if name in NONE_TYPES else _plain(name)


@lru_cache(maxsize=1024)
def _plain(name: str) -> TypeExpr:
    """A type without arguments: most annotations are one of few."""
    return TypeExpr(name=name)


def _as_base(base: TypeExpr) -> TypeExpr:
    return ANY if base.name == UNION else base


def _alternatives(node: ast.expr) -> list[ast.expr]:
    found = []
    pending = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.BitOr):
            pending += [item.right, item.left]
        else:
            found.append(item)
    return found


def _union(members: Iterable[TypeExpr]) -> TypeExpr:
    flat = tuple(dict.fromkeys(item for member in members for item in member.members))
    return flat[0] if len(flat) == 1 else TypeExpr(name=UNION, args=flat)
