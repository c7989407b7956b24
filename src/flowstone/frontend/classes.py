"""Members of the project's classes as constants: class attributes, and what the bodies of classes bind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.names import Builtin, Defined, External, Names, Target
from flowstone.frontend.values import ClassValue, FunctionValue, Refusal, Scope

Evaluate = Callable[[ast.expr, Scope], Any]

_PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol"})
_MAX_BASES = 50
_MAX_TOLD = 10
"""Most names that a finding lists."""


def dotted_name(node: ast.expr, cls: ClassValue, names: Names) -> str:
    """The dotted name of what an expression in a class stands for outside the project; empty if it is no such thing."""
    target = names.resolve(cls.module, node)
    if isinstance(target, Builtin):
        return f"builtins.{target.name}"
    return target.dotted if isinstance(target, External) else ""


def project_class(target: Target | None) -> ClassValue | None:
    """The class of the project that a target is, if it is defined once."""
    if isinstance(target, Defined) and len(target.bindings) == 1:
        node = target.bindings[0].node
        if isinstance(node, ast.ClassDef):
            return ClassValue(target.module, node)
    return None


def ancestry(cls: ClassValue, names: Names) -> list[ClassValue] | None:
    """A class and its bases, as far as attributes are searched; None if there are bases that cannot be seen."""
    found = [cls]
    for item in found:  # grows while it is read
        if item.node.keywords or len(item.node.bases) > 1 or len(found) > _MAX_BASES:
            return None
        for base in item.node.bases:
            node = base.value if isinstance(base, ast.Subscript) else base
            inner = project_class(names.resolve(item.module, node))
            if inner is not None and all(inner.node is not other.node for other in found):
                found.append(inner)
            elif dotted_name(node, item, names) not in (*_PLAIN_BASES, "builtins.object"):
                return None
    return found


def class_attribute(cls: ClassValue, name: str, names: Names, evaluate: Evaluate, place: Span) -> Any:
    """The value of ``Class.name`` for a class that is no enum. Errors: Refusal; ``place`` is that of the expression."""
    classes = ancestry(cls, names) or []
    if any(method(item.node, "__init_subclass__") for item in classes):
        raise no_attribute(cls, name)
    if classes and all(not item.node.decorator_list or _is_dataclass(item, names) for item in classes):
        known = [known for item in classes for known in bound_names(item.node)]
        if name not in known and not hasattr(type, name):
            raise unknown_attribute(cls, name, known, place)
    for item in classes:
        if item.node.decorator_list and not _is_dataclass(item, names):
            break
        values = [value for target, value in assignments(item.node) if target == name]
        if needed_names(item.node, name) & irregular(item.node) or len(values) > 1:
            break
        if values and values[0] is not None:
            return evaluate(values[0], body_scope(item, values[0], evaluate))
    raise no_attribute(cls, name)


def _is_dataclass(cls: ClassValue, names: Names) -> bool:
    """Whether the only decorator is that of a dataclass which leaves the attributes of the class as they are."""
    if len(cls.node.decorator_list) != 1:
        return False
    decorator = cls.node.decorator_list[0]
    call = decorator if isinstance(decorator, ast.Call) else None
    named = decorator if call is None else call.func
    slots = call is not None and any(keyword.arg in ("slots", None) for keyword in call.keywords)
    return dotted_name(named, cls, names) == "dataclasses.dataclass" and not slots


def no_attribute(cls: ClassValue, name: str) -> Refusal:
    """The refusal of an attribute that is no constant."""
    return Refusal(
        "FS003",
        f"the attribute '{name}' of class '{cls.node.name}' is not a constant that can be seen",
        cls.module.name_span(cls.node),
        help="bind it once in the body of the class, to a constant; the class has no metaclass and no decorators",
    )


def unknown_attribute(cls: ClassValue, name: str, known: Iterable[str], place: Span) -> Refusal:
    """The refusal of an attribute that a class does not have, of which all names are known."""
    names = list(known)
    near = nearest(name, names)
    there = f"there are: {', '.join(names[:_MAX_TOLD])}" if names else "define it there"
    return Refusal(
        "FS004",
        f"class '{cls.node.name}' has no '{name}'",
        place,
        help=did_you_mean(name, names) or there,
        related=[(cls.module.name_span(cls.node), "the class")],
        fix=None if near is None else respell(place, name, near),
    )


def is_opaque(cls: ClassValue) -> bool:
    """Whether a class, if its bases are, is nothing but methods and attributes: no record and no frame.

    What its module derives from it must be no more either: an annotation may name the base.
    """
    node = cls.node
    if node.decorator_list or node.keywords:
        return False
    if any(name.startswith(("__arrow", "__dataframe", "__dataclass")) for name in bound_names(node)):
        return False
    classes = (item for item in cls.module.tree.body if isinstance(item, ast.ClassDef))
    more = (item for item in classes if item.decorator_list or item.keywords or len(item.bases) > 1)
    return node.name not in {_last_word(base) for item in more for base in item.bases}


def _last_word(base: ast.expr) -> str:
    node = base.value if isinstance(base, ast.Subscript) else base
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def bound_names(node: ast.ClassDef) -> list[str]:
    """Every name that the body of a class binds or annotates."""
    return list(dict.fromkeys([*(name for name, _ in assignments(node)), *sorted(irregular(node))]))


def assignments(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that the statements of a class bind or annotate, with their values, in order."""
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value


def irregular(node: ast.ClassDef) -> frozenset[str]:
    """The names that a class binds otherwise than by plain assignments."""
    found: set[str] = set()
    for statement in node.body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            found.add(statement.name)
            continue
        plain = isinstance(statement, ast.Assign | ast.AnnAssign)
        for item in _of_the_class(statement):
            if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
                if not plain or not _is_target(item, statement):
                    found.add(item.id)
            elif isinstance(item, ast.alias):
                found.add((item.asname or item.name).partition(".")[0])
            elif isinstance(item, (*FUNCTIONS, ast.ClassDef)):
                found.add(item.name)
    return frozenset(found)


def _of_the_class(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement but those inside of comprehensions and functions, which bind names of their own."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            pending.append(node.generators[0].iter)
        elif not isinstance(node, ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def _is_target(name: ast.Name, statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(name is target for target in targets)


def method(node: ast.ClassDef, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function of this name in a class."""
    found = [item for item in node.body if isinstance(item, FUNCTIONS) and getattr(item, "name", "") == name]
    return found[-1] if found else None


def body_scope(cls: ClassValue, node: ast.expr, evaluate: Evaluate) -> Scope:
    """The scope of an expression in the body of a class: it sees what is bound before it. Errors: Refusal."""
    used = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
    needed = frozenset().union(*(needed_names(cls.node, name) for name in used)) if used else frozenset()
    found: dict[str, Any] = {}
    for name, value in assignments(cls.node):
        if value is node or (value is not None and value.lineno > node.lineno):
            break
        if value is not None and name in needed:
            found[name] = evaluate(value, Scope(cls.module, own=dict(found)))
    return Scope(cls.module, own=found)


def needed_names(node: ast.ClassDef, name: str) -> frozenset[str]:
    """A name of a class and every name that its value is made of."""
    uses: dict[str, set[str]] = {}
    for target, value in assignments(node):
        if value is not None:
            uses.setdefault(target, set()).update(item.id for item in ast.walk(value) if isinstance(item, ast.Name))
    found = {name}
    pending = [name]
    while pending:
        further = uses.get(pending.pop(), set()) - found
        found |= further
        pending += further
    return frozenset(found)


def plain_method(cls: ClassValue, name: str, names: Names) -> tuple[FunctionValue, bool] | None:
    """A method of a class and whether it is a property; None if there is none that can be seen."""
    for item in ancestry(cls, names) or [cls]:
        function = method(item.node, name)
        if function is None:
            if name in irregular(item.node):
                return None
            continue
        decorators = [dotted_name(decorator, item, names) for decorator in function.decorator_list]
        if decorators not in ([], ["builtins.property"]) or _count(item.node, name) != 1:
            return None
        return FunctionValue(Scope(item.module), function), bool(decorators)
    return None


def _count(node: ast.ClassDef, name: str) -> int:
    return sum(getattr(item, "name", "") == name for item in node.body)


def static_method(cls: ClassValue, name: str, names: Names) -> FunctionValue | None:
    """A static method of a class."""
    for item in ancestry(cls, names) or [cls]:
        function = method(item.node, name)
        if function is not None and _count(item.node, name) == 1:
            decorators = [dotted_name(decorator, item, names) for decorator in function.decorator_list]
            return FunctionValue(Scope(item.module), function) if decorators == ["builtins.staticmethod"] else None
    return None
