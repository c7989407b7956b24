"""Instances of the project's frozen dataclasses and named tuples."""

from __future__ import annotations

import ast
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.classes import Evaluate, ancestry, body_scope, dotted_name, method
from flowstone.frontend.names import Names
from flowstone.frontend.values import ClassValue, Instance, Refusal, TupleClass

_UNSEEN = (
    "__init__",
    "__new__",
    "__post_init__",
    "__getattribute__",
    "__getattr__",
    "__setattr__",
    "__init_subclass__",
)
_WRITTEN = ("__str__", "__format__", "__repr__")
_HARMLESS = frozenset({"eq", "frozen", "kw_only", "order", "repr", "slots", "unsafe_hash", "weakref_slot"})
_MARKS = ("ClassVar", "InitVar", "KW_ONLY")


class _Field(Struct, frozen=True):
    name: str
    cls: ClassValue
    default: ast.expr | None
    factory: ast.expr | None = None
    keyword_only: bool = False


def is_frozen_dataclass(cls: ClassValue, names: Names) -> bool:
    """Whether instances are made of their fields alone and never change."""
    classes = ancestry(cls, names)
    return classes is not None and all(
        _frozen(item, names) is not None and not any(method(item.node, name) for name in _UNSEEN) for item in classes
    )


def _frozen(cls: ClassValue, names: Names) -> ast.Call | None:
    """The decorator of a frozen dataclass."""
    decorator = cls.node.decorator_list[0] if len(cls.node.decorator_list) == 1 else None
    if not isinstance(decorator, ast.Call) or dotted_name(decorator.func, cls, names) != "dataclasses.dataclass":
        return None
    given = {keyword.arg: _constant(keyword.value) for keyword in decorator.keywords}
    return decorator if given.get("frozen") is True and given.keys() <= _HARMLESS else None


def is_dataclass(cls: ClassValue, names: Names) -> bool:
    """Whether a class is a dataclass, frozen or not."""
    named = [item.func if isinstance(item, ast.Call) else item for item in cls.node.decorator_list]
    return any(dotted_name(item, cls, names) == "dataclasses.dataclass" for item in named)


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def make_instance(
    cls: ClassValue, positional: Sequence[Any], keywords: Mapping[str, Any], names: Names, evaluate: Evaluate
) -> Instance:
    """An instance of a frozen dataclass. Errors: Refusal for a field that cannot be seen; TypeError as the class."""
    fields = _fields(cls, names)
    plain = [item.name for item in fields if not item.keyword_only]
    given = _placed(cls, plain, [item.name for item in fields], positional, keywords)
    for item in fields:
        if item.name not in given:
            given[item.name] = _default(item, evaluate)
    ordered = {item.name: given[item.name] for item in fields}
    classes = ancestry(cls, names) or []
    equal = not any(method(item.node, "__eq__") or _says_no(item, names, "eq") for item in classes)
    return Instance(cls.dotted, ordered, cls, equal)


def _says_no(cls: ClassValue, names: Names, keyword: str) -> bool:
    decorator = _frozen(cls, names)
    return decorator is not None and any(
        item.arg == keyword and _constant(item.value) is not True for item in decorator.keywords
    )


def _placed(
    cls: ClassValue, plain: list[str], known: list[str], positional: Sequence[Any], keywords: Mapping[str, Any]
) -> dict[str, Any]:
    given = dict(zip(plain, positional, strict=False))
    wrong = [name for name in keywords if name not in known or name in given]
    if len(positional) > len(plain) or wrong:
        raise TypeError(f"{cls.node.name}() does not take {wrong[0] if wrong else 'so many arguments'}")
    return {**given, **keywords}


def _default(item: _Field, evaluate: Evaluate) -> Any:
    if item.factory is not None:
        call = ast.copy_location(ast.Call(item.factory, [], []), item.factory)
        return evaluate(call, body_scope(item.cls, item.factory, evaluate))
    if item.default is None:
        raise TypeError(f"{item.cls.node.name}() needs {item.name}")
    value = evaluate(item.default, body_scope(item.cls, item.default, evaluate))
    if isinstance(value, list | dict | set):
        raise ValueError(f"mutable default of the field {item.name}: use default_factory")
    return value


def _fields(cls: ClassValue, names: Names) -> list[_Field]:
    """The fields in the order of the parameters, those of bases first. Errors: Refusal."""
    found: dict[str, _Field] = {}
    for item in reversed(ancestry(cls, names) or []):
        decorator = _frozen(item, names)
        keyword_only = decorator is not None and any(
            keyword.arg == "kw_only" and _constant(keyword.value) is True for keyword in decorator.keywords
        )
        for statement in item.node.body:
            if not _is_plain(statement):
                raise _not_seen(item, statement)
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            mark = _mark(statement.annotation, item, names)
            if mark == "KW_ONLY":
                keyword_only = True
            elif mark == "InitVar":
                raise _not_seen(item, statement)
            elif mark is None:
                found[statement.target.id] = _field(statement, item, names, keyword_only=keyword_only)
    return list(found.values())


def _is_plain(statement: ast.stmt) -> bool:
    match statement:
        case ast.AnnAssign() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets):
            return all(isinstance(item, ast.Name) for item in targets)
    return isinstance(statement, FUNCTIONS)


def _not_seen(cls: ClassValue, statement: ast.stmt) -> Refusal:
    return Refusal(
        "FS003",
        f"the fields of '{cls.node.name}' cannot be seen: this is no plain field",
        cls.module.span(statement),
        help="write each field as name: type = constant",
    )


def _mark(annotation: ast.expr, cls: ClassValue, names: Names) -> str | None:
    """``ClassVar``, ``InitVar`` or ``KW_ONLY`` if the annotation is that."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return next((mark for mark in _MARKS if mark in annotation.value), None)
    node = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = dotted_name(node, cls, names).rpartition(".")[2]
    return name if name in _MARKS else None


def _field(statement: ast.AnnAssign, cls: ClassValue, names: Names, *, keyword_only: bool) -> _Field:
    assert isinstance(statement.target, ast.Name)
    name, value = statement.target.id, statement.value
    if not isinstance(value, ast.Call) or dotted_name(value.func, cls, names) != "dataclasses.field":
        return _Field(name, cls, value, None, keyword_only)
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    known = {"compare", "default", "default_factory", "hash", "kw_only", "metadata", "repr"}
    if value.args or not given.keys() <= known or ("compare" in given and _constant(given["compare"]) is not True):
        raise _not_seen(cls, statement)
    alone = given.get("kw_only")
    only = keyword_only if alone is None else _constant(alone) is True
    return _Field(name, cls, given.get("default"), given.get("default_factory"), only)


# -- named tuples -----------------------------------------------------------------------------------------------------


def is_named_tuple(cls: ClassValue, names: Names) -> bool:
    """Whether a class is written as ``class X(NamedTuple)``."""
    return len(cls.node.bases) == 1 and dotted_name(cls.node.bases[0], cls, names) == "typing.NamedTuple"


def tuple_class(cls: ClassValue, evaluate: Evaluate) -> TupleClass:
    """Python's own class with the fields of a ``NamedTuple``. Errors: Refusal."""
    fields: list[str] = []
    defaults: list[Any] = []
    for statement in cls.node.body:
        named = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        if not _is_plain(statement) or cls.node.decorator_list or (isinstance(statement, ast.AnnAssign) and not named):
            raise _not_seen(cls, statement)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            fields.append(statement.target.id)
            if statement.value is not None:
                defaults.append(evaluate(statement.value, body_scope(cls, statement.value, evaluate)))
    special = [item for item in cls.node.body if getattr(item, "name", "").startswith("__")]
    if special and any(getattr(item, "name", "") not in _WRITTEN for item in special):
        raise _not_seen(cls, special[0])
    return make_tuple_class(cls.dotted, cls.node.name, fields, defaults, printable=not special)


def make_tuple_class(
    dotted: str, name: str, fields: Sequence[str], defaults: Sequence[Any] = (), *, printable: bool = True
) -> TupleClass:
    """A class of named tuples. Errors: ValueError, TypeError as ``namedtuple``."""
    make: Callable[..., type[tuple[Any, ...]]] = namedtuple
    made = make(name, list(fields), defaults=list(defaults))
    made.printable = printable  # type: ignore[attr-defined]
    return TupleClass(dotted, made)
