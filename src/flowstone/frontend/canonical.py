"""The canonical text of code, the same for every layout and every version of Python, and the names that the code uses.

Left out are positions, comments, strings that stand as statements (docstrings), and the declarations' own decorators.
Fields that are absent or empty are not written, so that fields which later versions of Python add change nothing.
Nothing here recurses: code may be nested as deeply as Python's parser allows.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from msgspec import Struct

from flowstone.frontend.bindings import import_base
from flowstone.frontend.modules import Module
from flowstone.frontend.scopes import Reference, Scope, bind, function_scope

_SKIPPED = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
_BIG = 1 << 64
_TYPE_PARAMETERS: tuple[type[ast.AST], ...] = tuple(
    getattr(ast, name) for name in ("ParamSpec", "TypeVar", "TypeVarTuple") if hasattr(ast, name)
)
"""Kinds of nodes that Python 3.12 brought."""
_BARE: tuple[type[ast.AST], ...] = tuple(
    kind for base in (ast.boolop, ast.cmpop, ast.operator, ast.unaryop) for kind in base.__subclasses__()
)
"""Operators: nodes without fields."""


class Code(Struct, frozen=True):
    """The canonical form of some code."""

    text: str
    references: frozenset[Reference]
    called_with: frozenset[tuple[Reference, str]]
    """Calls with a text as first argument: how modules are imported by name."""
    scopes: dict[int, Scope | None]
    """The scope around each ``def``, by the ``id`` of its node; None for the module's."""


def canonical(
    module: Module, nodes: Iterable[ast.AST], is_declaration: Callable[[ast.expr], bool] = lambda _: False
) -> Code:
    """The canonical form of statements or expressions at module level.

    ``is_declaration`` tells the decorators that are left out.
    """
    writer = _Writer(module, is_declaration)
    for node in nodes:
        writer.write(node)
    return writer.result()


class _Writer:
    def __init__(self, module: Module, is_declaration: Callable[[ast.expr], bool]) -> None:
        self._module = module
        self._is_declaration = is_declaration
        self._out: list[str] = []
        self._stack: list[tuple[Any, Scope | None]] = []
        self._uses: set[tuple[Scope | None, str, tuple[str, ...]]] = set()
        self._texts: list[tuple[Scope | None, str, tuple[str, ...], str]] = []
        self._imports: dict[str, str] = {}
        self._scopes: dict[int, Scope | None] = {}

    def write(self, node: ast.AST) -> None:
        out, stack, handlers = self._out, self._stack, self._handlers
        stack.append((node, None))
        while stack:
            item, scope = stack.pop()
            if item.__class__ is str:
                out.append(item)
                continue
            handler = handlers.get(item.__class__)
            if handler is None:
                self._node(item, scope)
            else:
                handler(self, item, scope)

    def result(self) -> Code:
        references = {self._reference(*use) for use in self._uses}
        texts = {
            (reference, text)
            for scope, name, attributes, text in self._texts
            if (reference := self._reference(scope, name, attributes)) is not None
        }
        found = frozenset(reference for reference in references if reference is not None)
        return Code("".join(self._out), found, frozenset(texts), self._scopes)

    def _reference(self, scope: Scope | None, name: str, attributes: tuple[str, ...]) -> Reference | None:
        if scope is None or not scope.binds(name):
            return Reference(name, attributes)
        origin = self._imports.get(name)
        return None if origin is None else Reference(name, attributes, origin)

    def _node(self, node: ast.AST, scope: Scope | None) -> None:
        kind = node.__class__
        fields = _FIELDS.get(kind)
        self._out.append("(" + kind.__name__)
        self._stack.append((")", None))
        for name in _fields_of(kind) if fields is None else fields:
            value = getattr(node, name, None)
            if value is not None:
                self._push(name, value, scope)

    def _fields(self, node: ast.AST, fields: list[tuple[str, Any, Scope | None]]) -> None:
        """Write a node with these fields, in this order."""
        self._out.append("(" + node.__class__.__name__)
        self._stack.append((")", None))
        for name, value, scope in reversed(fields):
            if value is not None:
                self._push(name, value, scope)

    def _push(self, name: str, value: Any, scope: Scope | None) -> None:
        push = self._stack.append
        if value.__class__ is list:
            if value:
                push(("]", None))
                for item in reversed(value):
                    push((item if isinstance(item, ast.AST) else _atom(item), scope))
                push((f":{name}[", None))
        elif isinstance(value, ast.AST):
            push((value, scope))
            push((":" + name, None))
        else:
            push((f":{name}={_atom(value)}", None))

    def _name(self, node: ast.Name, scope: Scope | None) -> None:
        self._out.append(f"<{node.id}>")
        if node.ctx.__class__ is ast.Load:
            self._uses.add((scope, node.id, ()))
        elif scope is not None:
            scope.bound.add(node.id)

    def _bare(self, node: ast.AST, scope: Scope | None) -> None:
        self._out.append(node.__class__.__name__ + ";")

    def _constant(self, node: ast.Constant, scope: Scope | None) -> None:
        self._out.append(f"{_atom(node.value)};")

    def _attribute(self, node: ast.Attribute, scope: Scope | None) -> None:
        base, attributes = _chain(node)
        self._out.append("(Attribute ." + ".".join(attributes))
        self._stack.append((")", None))
        if isinstance(base, ast.Name) and base.ctx.__class__ is ast.Load:
            self._out.append(f"<{base.id}>")
            self._uses.add((scope, base.id, attributes))
        else:
            self._stack.append((base, scope))

    def _call(self, node: ast.Call, scope: Scope | None) -> None:
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            base, attributes = _chain(node.func)
            if isinstance(base, ast.Name):
                self._texts.append((scope, base.id, attributes, node.args[0].value))
        self._node(node, scope)

    def _expression_statement(self, node: ast.Expr, scope: Scope | None) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self._node(node, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope | None) -> None:
        self._scopes[id(node)] = scope
        bind(scope, node.name)
        inner = function_scope(node, scope)
        decorators = [item for item in node.decorator_list if not self._is_declaration(item)]
        self._fields(
            node,
            [
                ("name", node.name, None),
                ("type_params", getattr(node, "type_params", None), inner),
                ("decorators", decorators, scope),
                ("args", node.args, scope),
                ("returns", _annotation(node.returns), scope),
                ("body", node.body, inner),
            ],
        )

    def _lambda(self, node: ast.Lambda, scope: Scope | None) -> None:
        self._fields(node, [("args", node.args, scope), ("body", node.body, function_scope(node, scope))])

    def _argument(self, node: ast.arg, scope: Scope | None) -> None:
        self._fields(node, [("arg", node.arg, None), ("annotation", _annotation(node.annotation), scope)])

    def _class(self, node: ast.ClassDef, scope: Scope | None) -> None:
        bind(scope, node.name)
        inner = Scope(scope, "class")
        self._fields(
            node,
            [
                ("name", node.name, None),
                ("type_params", getattr(node, "type_params", None), inner),
                ("decorators", node.decorator_list, scope),
                ("bases", node.bases, scope),
                ("keywords", node.keywords, scope),
                ("body", node.body, inner),
            ],
        )

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope | None
    ) -> None:
        inner = Scope(scope, "comprehension")
        first = node.generators[0]
        fields: list[tuple[str, Any, Scope | None]] = [("first", first.iter, scope)]
        for number, generator in enumerate(node.generators):
            fields += [("async", generator.is_async, None), ("target", generator.target, inner)]
            fields += [("iter", generator.iter if number else None, inner), ("ifs", generator.ifs, inner)]
        fields += [(name, getattr(node, name, None), inner) for name in ("elt", "key", "value")]
        self._fields(node, fields)

    def _named(self, node: ast.NamedExpr, scope: Scope | None) -> None:
        owner = scope
        while owner is not None and owner.kind == "comprehension":
            owner = owner.parent
        self._fields(node, [("target", node.target, owner), ("value", node.value, scope)])

    def _annotated(self, node: ast.AnnAssign, scope: Scope | None) -> None:
        annotation = _annotation(node.annotation)
        self._fields(
            node, [("target", node.target, scope), ("annotation", annotation, scope), ("value", node.value, scope)]
        )

    def _global(self, node: ast.Global, scope: Scope | None) -> None:
        if scope is not None:
            scope.outer.update(node.names)
        self._uses.update((None, name, ()) for name in node.names)
        self._node(node, scope)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope | None) -> None:
        if scope is not None:
            base = f"{import_base(self._module, node)}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                scope.bound.add(name)
                self._imports[name] = base + (alias.name if base or alias.asname else name)
                self._uses.add((scope, name, ()))
        self._node(node, scope)

    def _binding_field(self, node: Any, scope: Scope | None) -> None:
        """Nodes that bind a name which is plain text: handlers of exceptions, patterns, type parameters."""
        for name in (getattr(node, "name", None), getattr(node, "rest", None)):
            if isinstance(name, str):
                bind(scope, name)
        self._node(node, scope)

    def _delete(self, node: ast.Delete, scope: Scope | None) -> None:
        """``del (a, b)`` is ``del a, b``."""
        targets: list[ast.expr] = []
        pending = list(reversed(node.targets))
        while pending:
            target = pending.pop()
            if isinstance(target, ast.Tuple | ast.List):
                pending.extend(reversed(target.elts))
            else:
                targets.append(target)
        self._fields(node, [("targets", targets, scope)])

    def _joined(self, node: ast.JoinedStr, scope: Scope | None) -> None:
        """Pieces of text side by side are one piece: versions of Python split them differently."""
        values: list[ast.expr] = []
        for value in node.values:
            if isinstance(value, ast.Constant) and value.value == "":
                continue
            last = values[-1] if values else None
            if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
                values[-1] = ast.Constant(str(last.value) + str(value.value))
            else:
                values.append(value)
        self._fields(node, [("values", values, scope)])

    _handlers: ClassVar[dict[type[ast.AST], Callable[[_Writer, Any, Scope | None], None]]] = {
        ast.AnnAssign: _annotated,
        ast.AsyncFunctionDef: _function,
        ast.Attribute: _attribute,
        ast.Call: _call,
        ast.ClassDef: _class,
        ast.Constant: _constant,
        ast.Delete: _delete,
        ast.DictComp: _comprehension,
        ast.ExceptHandler: _binding_field,
        ast.Expr: _expression_statement,
        ast.FunctionDef: _function,
        ast.GeneratorExp: _comprehension,
        ast.Global: _global,
        ast.Import: _import,
        ast.ImportFrom: _import,
        ast.JoinedStr: _joined,
        ast.Lambda: _lambda,
        ast.ListComp: _comprehension,
        ast.MatchAs: _binding_field,
        ast.MatchMapping: _binding_field,
        ast.MatchStar: _binding_field,
        ast.Name: _name,
        ast.NamedExpr: _named,
        ast.SetComp: _comprehension,
        ast.arg: _argument,
        **dict.fromkeys(_TYPE_PARAMETERS, _binding_field),
        **dict.fromkeys(_BARE, _bare),
    }


def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields that count, the last first: they go onto a stack."""
    return tuple(name for name in reversed(kind._fields) if name not in _SKIPPED)


def _atom(value: Any) -> str:
    if value is None:
        return "~"
    if isinstance(value, int) and abs(value) > _BIG:
        return hex(value)
    return ascii(value)


def _chain(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return node, tuple(reversed(attributes))


def _annotation(node: ast.expr | None) -> ast.expr | None:
    """An annotation; one that is written as text is read."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return node
    try:
        return ast.parse(node.value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return node


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: _fields_of(kind) for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)
}
