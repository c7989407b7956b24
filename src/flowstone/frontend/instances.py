"""Instances of the project's classes in constant expressions, and their methods."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from flowstone.frontend.arguments import Arguments, apart
from flowstone.frontend.classes import plain_method, static_method
from flowstone.frontend.names import Names
from flowstone.frontend.records import (
    is_dataclass,
    is_frozen_dataclass,
    is_named_tuple,
    make_instance,
    tuple_class,
)
from flowstone.frontend.values import ClassValue, EnumMember, Instance, NumberMember, Scope, TextMember, TupleClass


class Instances(Arguments):
    """Makes instances of enums, named tuples and frozen dataclasses, and calls their methods."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self._tuples: dict[int, TupleClass] = {}
        self._owners: dict[type, ClassValue] = {}

    def construct(
        self,
        cls: ClassValue | TupleClass,
        positional: Sequence[Any],
        keywords: dict[str, Any],
        node: ast.Call,
        scope: Scope,
    ) -> Any:
        """The value of a call of a class. Errors: Refusal; TypeError, ValueError as Python's."""
        if isinstance(cls, TupleClass):
            return cls.made(*positional, **keywords)
        if cls in self.enums and len(positional) == 1 and not keywords:
            return self.enums.call(cls, positional[0])
        if is_frozen_dataclass(cls, self.names):
            return make_instance(cls, positional, keywords, self.names, self._value)
        if is_named_tuple(cls, self.names):
            return self._named_tuple(cls).made(*positional, **keywords)
        if is_dataclass(cls, self.names):
            message = f"what '{cls.node.name}(...)' holds cannot be seen: it may change after it was made"
            raise self.refused(
                node, scope, message, help="write @dataclass(frozen=True), without __init__ and the like"
            )
        raise self.not_seen(cls, node, scope)

    def _named_tuple(self, cls: ClassValue) -> TupleClass:
        key = id(cls.node)
        if key not in self._tuples:
            self._tuples[key] = tuple_class(cls, self._value)
            self._owners[self._tuples[key].made] = cls
        return self._tuples[key]

    def class_of(self, value: Any) -> ClassValue | None:
        """The class of the project that a value is an instance of."""
        if isinstance(value, Instance | EnumMember | TextMember | NumberMember):
            return value.cls
        return self._owners.get(type(value))

    def call_member(
        self, owner: Instance | EnumMember | ClassValue | TupleClass, func: ast.Attribute, node: ast.Call, scope: Scope
    ) -> Any:
        """The value of a call of a method of the project's, on an instance, a member or its class. Errors: Refusal."""
        positional, keywords = apart(self.arguments(node, scope))
        cls = owner if isinstance(owner, ClassValue) else self.class_of(owner)
        function = None if cls is None else static_method(cls, func.attr, self.names)
        if function is not None:
            return self.call(function, positional, keywords, node, scope)
        found = None if cls is None or cls is owner else plain_method(cls, func.attr, self.names)
        if found is None or found[1]:
            raise self.refused(node, scope, f"the method '{func.attr}' of '{owner.dotted}' is not evaluated")
        return self.call(found[0], [owner, *positional], keywords, node, scope)
