"""Values of the language that the IR holds as they are: one class each, in ``flowstone.dsl``.

Their validators are made when the first value of a class is read or written: a project uses few of the classes, and to
make those of all takes longer than to make those of the nodes.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Annotated, Any, get_args

from msgspec import json
from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    TypeAdapter,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from flowstone.dsl.approval import Approval
from flowstone.dsl.mappings import PartitionMapping
from flowstone.dsl.partitions import Partitions
from flowstone.dsl.policies import Retry
from flowstone.dsl.scatter import Scatter
from flowstone.dsl.schedule import Schedule


class OwnClass:
    """Has the values of a type read and written each by its own class. Those of a union are told apart by ``kind``."""

    def __init__(self, type: Any) -> None:
        self._type = type
        self._classes = get_args(type) or (type,)
        self._by_kind = {cls.kind: cls for cls in get_args(type)}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(_write, info_arg=True)
        return core_schema.with_info_plain_validator_function(self._read, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        told_apart = Annotated[self._type, Field(discriminator="kind")] if self._by_kind else self._type
        return handler(_strict(told_apart).core_schema)

    def _read(self, value: Any, info: ValidationInfo) -> Any:
        if type(value) in self._classes:
            return value
        cls = self._class_of(value)
        return _out_of_json(cls, json.encode(value)) if info.mode == "json" else _adapter(cls).validate_python(value)

    def _class_of(self, value: Any) -> Any:
        if not self._by_kind:
            return self._type
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind not in self._by_kind:
            raise ValueError(f"its kind is {kind!r}, not one of {', '.join(self._by_kind)}")
        return self._by_kind[kind]


@lru_cache(maxsize=1024)
def _out_of_json(cls: Any, text: bytes) -> Any:
    """One object for all nodes with the same value, which is frozen: a project has few of them and many nodes."""
    return _adapter(cls).validate_python(json.decode(text))


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return _strict(cls)


def _strict(type: Any) -> TypeAdapter[Any]:
    """An adapter that refuses unknown fields, as nodes do. For a class alone pydantic lets nobody say so."""
    return TypeAdapter(type | None, config=ConfigDict(extra="forbid"))


def _write(value: Any, info: SerializationInfo) -> Any:
    cls: Any = type(value)
    return _adapter(cls).dump_python(value, mode="json" if info.mode_is_json() else "python")


PartitionsValue = Annotated[Partitions, OwnClass(Partitions)]
MappingValue = Annotated[PartitionMapping, OwnClass(PartitionMapping)]
ScheduleValue = Annotated[Schedule, OwnClass(Schedule)]
RetryValue = Annotated[Retry, OwnClass(Retry)]
ScatterValue = Annotated[Scatter, OwnClass(Scatter)]
ApprovalValue = Annotated[Approval, OwnClass(Approval)]
