"""Values that a factory or a loop gave to a function, as text for its fingerprint."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from flowstone.frontend.values import EnumMember, FunctionValue, Instance, LambdaValue, Symbol, Unknown


class InvisibleError(Exception):
    """A value holds something that cannot be seen. Never leaves the fingerprints."""


class ValueTexts(Struct, frozen=True):
    """Writes values of the evaluator in a canonical form."""

    name: Callable[[str], str]
    """Text of what a dotted name stands for; whoever asks then depends on it."""
    function: Callable[[FunctionValue], str]
    """Text of a function of the project."""

    def of(self, value: Any) -> str:
        """The text of a value. Errors: InvisibleError."""
        match value:
            case Unknown() | LambdaValue():
                raise InvisibleError
            case FunctionValue():
                return f"function({self.function(value)})"
            case EnumMember():
                return f"{self.name(value.dotted)}.{value.name}({self.of(value.value)})"
            case Instance():
                return f"{self.name(value.dotted)}({self._pairs(value.fields.items())})"
            case Symbol():
                return self.name(value.dotted)
            case list() | tuple():
                return f"{type(value).__name__}({','.join(map(self.of, value))})"
            case set() | frozenset():
                return f"{type(value).__name__}({','.join(sorted(map(self.of, value)))})"
            case dict():
                return f"dict({self._pairs(value.items())})"
            case enum.Enum():
                return f"{type(value).__qualname__}.{value.name}"
        if dataclasses.is_dataclass(value):
            fields = ((item.name, getattr(value, item.name)) for item in dataclasses.fields(value))
            return f"{type(value).__qualname__}({self._pairs(fields)})"
        text = ascii(value)
        if " at 0x" in text and not isinstance(value, str | bytes):
            raise InvisibleError
        return f"{type(value).__name__}({text})"

    def _pairs(self, items: Iterable[tuple[Any, Any]]) -> str:
        return ",".join(f"{self.of(key)}:{self.of(value)}" for key, value in items)
