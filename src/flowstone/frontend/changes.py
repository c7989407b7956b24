"""Which names stand for values that code changes after they were bound: these are no constants.

Syntax does not say when code runs, so whatever is changed anywhere counts, but in the bodies of declared functions,
which run when everything was read. A name and what it holds are told apart: ``ROWS[0].append(1)`` changes what ``ROWS``
holds, and with it the list that another name stands for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from flowstone.dsl.signals import HANDLERS
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.declarations import KINDS
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Builtin, Defined, External, Names, ProjectModule, Public
from flowstone.frontend.values import Instance
from flowstone.patterns import pattern

CHANGING = frozenset(
    {"append", "extend", "insert", "update", "setdefault", "add", "remove", "discard", "pop", "popitem", "clear"}
    | {"sort", "reverse", "appendleft", "extendleft", "rotate", "move_to_end", "subtract", "__setitem__", "__delitem__"}
    | {"difference_update", "intersection_update", "symmetric_difference_update"}
)
"""Methods that change a value in place."""
_CHANGING_FUNCTIONS = frozenset(
    {"random.shuffle", "heapq.heapify", "heapq.heappush", "heapq.heappop", "heapq.heapreplace", "heapq.heappushpop"}
    | {"bisect.insort", "bisect.insort_left", "bisect.insort_right", "operator.setitem", "operator.delitem"}
    | {"operator.iadd", "operator.ior"}
)
"""Functions outside the project that change their first argument."""
_SETTING = frozenset({"setattr", "delattr"})
_VIEWS = frozenset({"enumerate", "filter", "iter", "list", "next", "reversed", "sorted", "tuple", "zip", "dict"})
"""Functions that give back what is in their arguments."""
_CHANGING_WORDS = (
    *(f".{name}(" for name in sorted(CHANGING)),
    "del ",
    "setattr",
    "shuffle",
    "heap",
    "insort",
    "operator",
)
_STORES = (pattern(r"\.\w+[ \t]*=(?!=)"), pattern(r"\][ \t]*=(?!=)"), pattern(r"[-+*/|&^%@]="))
"""Without a match of any of these a text changes nothing itself: a first look, to spare the second."""
_ATTRIBUTE_SET = pattern(r"\.(\w+)[ \t]*(?:[-+*/|&^%@]|//|\*\*|<<|>>)?=(?!=)")
_SETTING_WORDS = ("setattr", "delattr", "globals", "vars(", "__dict__", "del ")
_OTHERWISE_SET = pattern(
    r"(?:setattr|delattr)\([^,]*,\s*[\"'](\w+)|(?:globals\(\)|vars\(\)|__dict__)\[\s*[\"'](\w+)|\bdel\b.*\.(\w+)"
)
"""Names that a text may bind from outside."""
_SELF, _INSIDE = 1, 2

Variable = tuple[str, str]
"""The module, or the id of a function, and the name."""


class _Graph(Struct):
    """What is changed in one module, and which variables may stand for the same value."""

    changed: dict[Variable, int] = field(default_factory=dict)
    same: dict[Variable, set[Variable]] = field(default_factory=dict)
    """The one may stand for the value of the other."""
    item: dict[Variable, set[Variable]] = field(default_factory=dict)
    """The one may stand for something in the other."""
    holds: dict[Variable, set[Variable]] = field(default_factory=dict)
    """The one may hold the value of the other."""
    rebound: set[Variable] = field(default_factory=set)
    """Variables of functions that are ``nonlocal`` in others."""

    def close(self) -> None:
        """Carry changes over to everything that they reach."""
        pending = list(self.changed)
        while pending:
            variable = pending.pop()
            bits = self.changed[variable]
            reached = [(other, bits) for other in self.same.get(variable, ())]
            reached += [(other, _INSIDE) for other in self.item.get(variable, ())]
            if bits & _INSIDE:
                reached += [(other, _SELF | _INSIDE) for other in self.holds.get(variable, ())]
            for other, further in reached:
                if further & ~self.changed.get(other, 0):
                    self.changed[other] = self.changed.get(other, 0) | further
                    pending.append(other)


class Changes:
    """Answers for the modules of a project. Each module is looked at once."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._graphs: dict[str, _Graph] = {}
        self._answers: dict[Variable, bool] = {}
        self._looked_at: dict[str, bool] = {}
        self._set: frozenset[str] | None = None

    def is_changed(self, module: Module, name: str, value: Any) -> bool:
        """Whether the value that a module binds to a name may be another one by now."""
        key = (module.name, name)
        if key not in self._answers:
            in_place = holds_mutable(value) and self._is_changed_in_place(key, module)
            self._answers[key] = in_place or self._is_set(key, module)
        return self._answers[key]

    def is_class_changed(self, module: Module, name: str) -> bool:
        """Whether attributes of a class are set after its definition, or what they stand for is changed."""
        return self._is_changed_in_place((module.name, name), module)

    def reaches_out(self, module: Module) -> bool:
        """Whether the code of a module may change what another module of the project binds."""
        return any(
            owner != module.name and isinstance(self._names.dotted(owner), ProjectModule)
            for owner, _ in self._graph(module).changed
        )

    def local(self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
        """The names of a function whose values may be changed in place."""
        return self._of(module, _owner(function))

    def global_names(self, module: Module) -> frozenset[str]:
        """The names of a module that its own code may change in place."""
        return self._of(module, module.name)

    def rebound(self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
        """The names of a function that functions inside of it bind."""
        owner = _owner(function)
        return frozenset(name for place, name in self._graph(module).rebound if place == owner)

    def _of(self, module: Module, owner: str) -> frozenset[str]:
        return frozenset(name for place, name in self._graph(module).changed if place == owner)

    def _is_changed_in_place(self, key: Variable, module: Module) -> bool:
        passed = re.compile(rf"[(,]\s*(?:\w+\.)*{re.escape(key[1])}\s*[,)]")
        return any(
            key in self._graph(other).changed
            for other in self._names.mentioning(module, key[1])
            if self._may_change(other) or passed.search(other.source)
        )

    def _may_change(self, module: Module) -> bool:
        if module.name not in self._looked_at:
            self._looked_at[module.name] = _may_change(module.source)
        return self._looked_at[module.name]

    def _is_set(self, key: Variable, module: Module) -> bool:
        """Whether a name of a module is bound from outside: ``module.NAME = ...``, ``setattr``, ``globals()``."""
        if self._set is None:
            self._set = frozenset(name for text in self._names.texts() for name in _set_names(text))
        if key[1] not in self._set:
            return False
        return any(self._graph(other).changed.get(key, 0) & _SELF for other in self._names.mentioning(module, key[1]))

    def _graph(self, module: Module) -> _Graph:
        if module.name not in self._graphs:
            self._graphs[module.name] = graph = _Graph()  # ends a circle of modules that call each other
            _Builder(module, self._names, self, graph).build()
            graph.close()
        return self._graphs[module.name]


class _Builder:
    """Reads the statements of a module."""

    def __init__(self, module: Module, names: Names, changes: Changes, graph: _Graph) -> None:
        self._module = module
        self._names = names
        self._changes = changes
        self._graph = graph

    def build(self) -> None:
        """Read everything; scopes are the module and its functions."""
        scopes: list[tuple[str, frozenset[str], dict[str, str], Iterable[ast.AST], bool]] = [
            (self._module.name, frozenset(), {}, self._module.tree.body, False)
        ]
        for owner, own, around, body, is_class in scopes:  # grows while it is read
            places = {**around, **dict.fromkeys(own, owner)}
            outer = around if is_class else places
            pending = list(body)
            while pending:
                node = pending.pop()
                if isinstance(node, (*FUNCTIONS, ast.Lambda)):
                    pending += [*getattr(node, "decorator_list", ()), *_defaults(node.args)]
                    if not self._is_declaration(node):
                        inner = node.body if isinstance(node.body, list) else [node.body]
                        scopes.append((_owner(node), _own_names(node), outer, inner, False))
                    continue
                if isinstance(node, ast.ClassDef):
                    scopes.append((f"{owner}.{node.name}", _class_names(node), outer, node.body, True))
                    pending += [*node.decorator_list, *node.bases]
                    continue
                self._read(node, places)
                pending.extend(ast.iter_child_nodes(node))

    def _is_declaration(self, node: ast.AST) -> bool:
        callees = [item.func if isinstance(item, ast.Call) else item for item in getattr(node, "decorator_list", ())]
        if any(isinstance(item, ast.Attribute) and item.attr in HANDLERS for item in callees):
            return True
        targets = (self._names.resolve(self._module, callee) for callee in callees)
        return any(isinstance(target, Public) and target.name in KINDS for target in targets)

    def _read(self, node: ast.AST, places: dict[str, str]) -> None:
        match node:
            case ast.Attribute() | ast.Subscript() if not isinstance(node.ctx, ast.Load):
                self._stored(node, places)
            case ast.Call():
                self._called(node, places)
            case ast.Assign():
                for target in node.targets:
                    self._bound(target, node.value, places)
            case ast.AnnAssign(value=ast.expr() as value):
                self._bound(node.target, value, places)
            case ast.NamedExpr():
                self._bound(node.target, node.value, places)
            case ast.AugAssign(target=ast.Name()):
                self._change(node.target, places, _SELF)
            case ast.Nonlocal():
                self._graph.rebound.update((places[name], name) for name in node.names if name in places)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                self._iterated(node.target, node.iter, places)

    def _stored(self, node: ast.Attribute | ast.Subscript, places: dict[str, str]) -> None:
        if isinstance(node, ast.Attribute):
            owner = self._names.resolve(self._module, node.value) if self._is_global(node.value, places) else None
            if isinstance(owner, ProjectModule):
                self._mark((owner.name, node.attr), _SELF)
                return
        elif _is_namespace(node.value) and isinstance(node.slice, ast.Constant):
            self._mark((self._module.name, str(node.slice.value)), _SELF)
            return
        self._change(node.value, places, _SELF)

    def _is_global(self, node: ast.expr, places: dict[str, str]) -> bool:
        root = _root(node)
        return isinstance(root, ast.Name) and root.id not in places

    def _called(self, call: ast.Call, places: dict[str, str]) -> None:
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGING:
            self._change(call.func.value, places, _SELF)
        if not self._is_global(call.func, places):
            return
        target = self._names.resolve(self._module, call.func)
        if isinstance(target, Builtin) and target.name in _SETTING:
            self._set_attribute(call, places)
        elif isinstance(target, External) and target.dotted in _CHANGING_FUNCTIONS and call.args:
            self._change(call.args[0], places, _SELF)
        elif isinstance(target, Defined):
            self._given(call, target, places)

    def _set_attribute(self, call: ast.Call, places: dict[str, str]) -> None:
        if len(call.args) < 2:
            return
        owner = self._names.resolve(self._module, call.args[0]) if self._is_global(call.args[0], places) else None
        name = call.args[1].value if isinstance(call.args[1], ast.Constant) else None
        if isinstance(owner, ProjectModule):
            self._mark((owner.name, str(name)), _SELF)
        elif is_own_module(call.args[0]):
            self._mark((self._module.name, str(name)), _SELF)
        else:
            self._change(call.args[0], places, _SELF)

    def _given(self, call: ast.Call, target: Defined, places: dict[str, str]) -> None:
        """The arguments of a function of the project are its parameters."""
        function = target.bindings[-1].node
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        for name, value in _placed(call, function):
            if target.module is self._module:
                self._alias((_owner(function), name), value, places)
            elif name in self._changes.local(target.module, function):
                self._change(value, places, _SELF | _INSIDE)

    def _bound(self, target: ast.expr, value: ast.expr, places: dict[str, str]) -> None:
        if isinstance(target, ast.Name):
            self._alias((places.get(target.id, self._module.name), target.id), value, places)
        elif isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            if len(values) == len(target.elts):
                for one, other in zip(target.elts, values, strict=True):
                    self._bound(one, other, places)
            else:
                self._iterated(target, value, places)

    def _iterated(self, target: ast.expr, value: ast.expr, places: dict[str, str]) -> None:
        for name in (item for item in ast.walk(target) if isinstance(item, ast.Name)):
            variable = (places.get(name.id, self._module.name), name.id)
            for other, _ in self._sources(value, places, inside=True):
                self._graph.item.setdefault(variable, set()).add(other)

    def _alias(self, variable: Variable, value: ast.expr, places: dict[str, str]) -> None:
        for other, how in self._sources(value, places):
            edges = {"same": self._graph.same, "item": self._graph.item, "holds": self._graph.holds}[how]
            edges.setdefault(variable, set()).add(other)

    def _sources(
        self, value: ast.expr, places: dict[str, str], *, inside: bool = False
    ) -> Iterator[tuple[Variable, str]]:
        """The variables whose values an expression may give back, and how."""
        pending: list[tuple[ast.expr, str]] = [(value, "item" if inside else "same")]
        while pending:
            node, how = pending.pop()
            match node:
                case ast.Name():
                    yield self._variable(node, places), how
                case ast.Attribute():
                    variable = self._variable(node, places)
                    if variable is not None:
                        yield variable, how
                    else:
                        pending.append((node.value, "item"))
                case ast.Subscript():
                    pending.append((node.value, "item"))
                case ast.IfExp():
                    pending += [(node.body, how), (node.orelse, how)]
                case ast.BoolOp():
                    pending += [(item, how) for item in node.values]
                case ast.NamedExpr() | ast.Starred():
                    pending.append((node.value, how))
                case ast.List() | ast.Tuple() | ast.Set():
                    pending += [(item, "holds" if how == "same" else how) for item in node.elts]
                case ast.Dict():
                    pending += [(item, "holds" if how == "same" else how) for item in node.values]
                case ast.Call():
                    pending += [(item, "item") for item in _given_back(node)]

    def _variable(self, node: ast.Name | ast.Attribute, places: dict[str, str]) -> Any:
        """The variable that a name or dotted name stands for; None for an attribute of a value."""
        root = _root(node)
        if not isinstance(root, ast.Name):
            return None
        if root.id in places:
            return (places[root.id], root.id) if node is root else None
        target = self._names.resolve(self._module, node)
        if isinstance(target, Defined):
            return target.module.name, target.name
        return (self._module.name, root.id) if node is root else None

    def _change(self, node: ast.expr, places: dict[str, str], bits: int) -> None:
        """Note that the value of an expression is changed."""
        for variable, how in self._sources(node, places):
            if how != "holds":
                self._mark(variable, bits if how == "same" else _INSIDE)

    def _mark(self, variable: Variable, bits: int) -> None:
        self._graph.changed[variable] = self._graph.changed.get(variable, 0) | bits


def _may_change(text: str) -> bool:
    return any(word in text for word in _CHANGING_WORDS) or any(pattern.search(text) for pattern in _STORES)


@lru_cache(maxsize=4096)
def _set_names(text: str) -> tuple[str, ...]:
    """Of a text that is asked for again after each edit of another one."""
    found = _ATTRIBUTE_SET.findall(text)
    if any(word in text for word in _SETTING_WORDS):
        found += [name for names in _OTHERWISE_SET.findall(text) for name in names]
    return tuple(found)


def holds_mutable(value: Any) -> bool:
    """Whether a value is, or holds, something that can be changed in place."""
    if isinstance(value, list | dict | set):
        return True
    if isinstance(value, Instance):
        return any(map(holds_mutable, value.fields.values()))
    return isinstance(value, tuple) and any(map(holds_mutable, value))


def _owner(function: ast.AST) -> str:
    return f"<{id(function)}>"


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_namespace(node: ast.expr) -> bool:
    """Whether an expression is ``globals()`` or the like."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return is_own_module(node.value)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("globals", "vars")


def is_own_module(node: ast.expr) -> bool:
    """Whether an expression is ``sys.modules[__name__]``."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == "__name__"


def _given_back(call: ast.Call) -> list[ast.expr]:
    """The expressions whose parts a call gives back: ``TABLE.items()``, ``zip(A, B)``."""
    if isinstance(call.func, ast.Attribute):
        return [call.func.value]
    if isinstance(call.func, ast.Name) and call.func.id in _VIEWS:
        return list(call.args)
    return []


def _placed(call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Arguments by the names of their parameters."""
    names = [item.arg for item in [*function.args.posonlyargs, *function.args.args]]
    for place, value in enumerate(call.args):
        if isinstance(value, ast.Starred):
            yield from ((name, value.value) for name in names[place:])
            break
        if place < len(names):
            yield names[place], value
        elif function.args.vararg is not None:
            yield function.args.vararg.arg, value
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(item for item in arguments.kw_defaults if item is not None)]


def _own_names(node: ast.AST) -> frozenset[str]:
    """The names that a function binds for itself."""
    found: set[str] = set()
    outer: set[str] = set()
    pending: list[ast.AST] = [getattr(node, "args", node)]
    body = getattr(node, "body", [])
    pending += body if isinstance(body, list) else [body]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.arg):
            found.add(item.arg)
        elif isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
            found.add(item.id)
        elif isinstance(item, ast.Global | ast.Nonlocal):
            outer.update(item.names)
        elif isinstance(item, (*FUNCTIONS, ast.ClassDef)):
            found.add(item.name)
            continue
        if not isinstance(item, ast.Lambda):
            pending.extend(ast.iter_child_nodes(item))
    return frozenset(found - outer)


def _class_names(node: ast.ClassDef) -> frozenset[str]:
    return frozenset(
        item.id
        for statement in node.body
        if not isinstance(statement, FUNCTIONS)
        for item in ast.walk(statement)
        if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load)
    )
