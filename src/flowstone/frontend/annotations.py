"""Annotations as type expressions. They are read as syntax; what is not understood is the unknown type."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flowstone.frontend.bindings import Binding
from flowstone.frontend.names import Builtin, Defined, External, Names, Public
from flowstone.frontend.values import ClassValue, Reference, Scope
from flowstone.ir.types import UNION, UNKNOWN, ClassInfo, TypeExpr

ANY = TypeExpr(name=UNKNOWN)
NONE = TypeExpr(name="None")
_TYPING = ("typing", "typing_extensions", "collections.abc", "collections")
_SPELLING = {
    "AnyStr": "str",
    "DefaultDict": "defaultdict",
    "Deque": "deque",
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "List": "list",
    "LiteralString": "str",
    "Set": "set",
    "Text": "str",
    "Tuple": "tuple",
    "Type": "type",
}
_ABSTRACT_SET = "collections.abc.Set"
_WRAPPERS = frozenset({"Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required"})
_UNKNOWN_NAMES = frozenset({"Any", "Self", "TypeVar", "ParamSpec", "NewType"})
_MAX_DEPTH = 100


class Annotations:
    """Reads annotations and keeps the classes of the project that they name."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._plain: dict[tuple[str, str], TypeExpr] = {}
        self._bases = 0
        self.classes: dict[str, ClassInfo] = {}
        """By full name, with the bases of the bases."""

    def read(self, node: ast.expr | None, scope: Scope) -> TypeExpr | None:
        """The type expression of an annotation; None if there is none."""
        return None if node is None else self._read(node, scope, 0)

    def _read(self, node: ast.expr, scope: Scope, depth: int) -> TypeExpr:
        if depth > _MAX_DEPTH:
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
            return self._read(ast.parse(text.strip(), mode="eval").body, scope, depth)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ANY

    def _name(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> TypeExpr:
        if isinstance(node, ast.Name) and node.id in scope.values:
            return self._local(scope.values[node.id])
        key = (scope.module.name, _dotted(node))
        if key not in self._plain:
            self._plain[key] = self._resolve(node, scope, depth)
        return self._plain[key]

    def _local(self, value: object) -> TypeExpr:
        if isinstance(value, ClassValue):
            return self._project_class(value)
        if isinstance(value, Reference):
            return _external(value.dotted.removeprefix("builtins."))
        return NONE if value is None else ANY

    def _resolve(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> TypeExpr:
        match self._names.resolve(scope.module, node):
            case Builtin(name=name):
                return TypeExpr(name=name)
            case External(dotted=dotted):
                return _external(dotted)
            case Public(name=name):
                return TypeExpr(name=f"flowstone.{name}")
            case Defined() as target:
                return self._defined(target, depth)
        return ANY

    def _defined(self, target: Defined, depth: int) -> TypeExpr:
        bindings: tuple[Binding, ...] = target.bindings
        if bindings[0].kind == "class" and isinstance(bindings[0].node, ast.ClassDef):
            return self._project_class(ClassValue(target.module, bindings[0].node))
        if len(bindings) == 1 and bindings[0].value is not None:  # a type alias
            return self._read(bindings[0].value, Scope(target.module), depth)
        return ANY

    def _project_class(self, cls: ClassValue) -> TypeExpr:
        if cls.dotted not in self.classes:
            self.classes[cls.dotted] = ClassInfo(name=cls.dotted)  # ends a circle of bases
            if self._bases > _MAX_DEPTH:
                return TypeExpr(name=cls.dotted)
            self._bases += 1
            bases = [self._read(base, Scope(cls.module), 0) for base in cls.node.bases]
            self._bases -= 1
            names = tuple(base.name for base in bases if base.name not in (UNKNOWN, UNION))
            self.classes[cls.dotted] = ClassInfo(name=cls.dotted, bases=names)
        return TypeExpr(name=cls.dotted)

    def _subscript(self, node: ast.Subscript, scope: Scope, depth: int) -> TypeExpr:
        base = self._read(node.value, scope, depth)
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if base.name == "Literal":
            return _literal(items)
        if base.name in _WRAPPERS:
            return self._read(items[0], scope, depth) if items else ANY
        if base.name == "Callable":
            return base
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
        return ANY if base.name == UNKNOWN else TypeExpr(name=base.name, args=arguments)


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(parts))


def _external(dotted: str) -> TypeExpr:
    module, _, name = dotted.rpartition(".")
    if module not in _TYPING or dotted == "collections.OrderedDict":
        return TypeExpr(name=dotted)
    if name in _UNKNOWN_NAMES:
        return ANY
    if dotted == _ABSTRACT_SET:
        return TypeExpr(name="AbstractSet")
    return TypeExpr(name=_SPELLING.get(name, name))


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


def _literal(items: list[ast.expr]) -> TypeExpr:
    values = []
    for item in items:
        negative = isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub)
        constant = item.operand if isinstance(item, ast.UnaryOp) else item
        if not isinstance(constant, ast.Constant) or not isinstance(constant.value, str | int | None):
            return ANY
        value = constant.value
        values.append(-value if negative and isinstance(value, int) else value)
    return TypeExpr(name="Literal", values=tuple(values))
