"""Frozen dataclasses as those of ``dataclasses``, made in a third of the time: they share all methods but ``__init__``.

``dataclasses`` compiles six methods for each class when its module is imported. There are thirty words of the language
that are such classes, and a ``check`` of a small edit spent a twelfth of its time on them. Keys of partitions and what
else plans make and compare by the thousand stay with ``dataclasses``: compiled methods are quicker.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool) -> Callable[[type], type]:
        """``dataclasses.dataclass(frozen=True)``. An ``__init__`` that the class has stays."""
        assert frozen
        return _make


def _make(cls: type) -> type:
    bases: list[Any] = [base for base in cls.__mro__[1:] if dataclasses.is_dataclass(base)]
    for base in bases:  # a class that is not frozen inherits from none that is
        base.__dataclass_params__.frozen = False
    made: Any = dataclasses.dataclass(init="__init__" not in vars(cls), repr=False, eq=False)(cls)
    for item in (made, *bases):
        item.__dataclass_params__.frozen = True
    compared = attrgetter(*(field.name for field in dataclasses.fields(made) if field.compare))

    def equal(self: Any, other: Any) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    made.__eq__, made.__hash__, made.__repr__ = equal, lambda self: hash(compared(self)), _text
    made.__setattr__, made.__delattr__ = _set, _delete
    return made  # type: ignore[no-any-return]


def _text(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _set(self: Any, name: str, value: object) -> None:
    """``__init__`` sets each field once. Only a class that inherits and is no dataclass itself has other attributes."""
    is_field = name in self.__dataclass_fields__
    if name in self.__dict__ if is_field else _is_dataclass_itself(self):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _delete(self: Any, name: str) -> None:
    if name in self.__dataclass_fields__ or _is_dataclass_itself(self):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_dataclass_itself(instance: object) -> bool:
    return "__dataclass_fields__" in vars(type(instance))
