"""Columns that differ: the narrowest types that hold the values of both, and tables made to have them.

Nothing is lost by widening: numbers become larger ones, times finer ones, and what had no column gets gaps. A whole
number may become a float if it is that exactly, which is seen when it is read. Texts, times and numbers never become
each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from flowstone.errors import UnsupportedTypeError
from flowstone.io.frame_digest import plain_type

Change = Literal["fail", "append"]

_SHOWN = 12
"""Columns of a schema that a message names."""


def agreed(held: Any, wanted: Any, change: Change) -> Any:
    """The columns that a table of both has; None if they are not to be read as one.

    By ``fail`` they are the same, apart from their order, how texts are encoded, and columns of which nothing is known
    but gaps. By ``append`` some may be missing on either side, and types may be wider.
    """
    import pyarrow as pa

    if change == "fail" and set(held.names) != set(wanted.names):
        return None
    fields = []
    for name in dict.fromkeys((*held.names, *wanted.names)):
        kinds = [schema.field(name).type for schema in (held, wanted) if name in schema.names]
        kind = kinds[0] if len(kinds) == 1 else _common(kinds[0], kinds[1], change)
        if kind is None:
            return None
        fields.append(pa.field(name, kind))
    return pa.schema(fields, held.metadata)


def fitted(table: Any, schema: Any) -> Any:
    """A table, or a batch, with the columns of a schema that is ``agreed`` for it, each where that has it.

    Errors: UnsupportedTypeError for a value that the wider type does not hold.
    """
    import pyarrow as pa

    columns = []
    for field in schema:
        if field.name not in table.schema.names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table.column(field.name)
        try:
            columns.append(column if column.type == field.type else column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnsupportedTypeError(
                f"column {field.name!r} of type {column.type} cannot be read as {field.type}, as other partitions have "
                f"it: {error}",
                help="store the column with one type in all partitions",
            ) from error
    return type(table).from_arrays(columns, schema=schema.with_metadata(table.schema.metadata))


def difference(held: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """What is other in the wanted columns, in words; both are names with types."""
    facts = [f"{name!r} is new" for name in wanted.keys() - held]
    facts += [f"{name!r} is gone" for name in held.keys() - wanted]
    facts += [
        f"{name!r} is {wanted[name]} and was {held[name]}"
        for name in wanted
        if str(held.get(name, wanted[name])) != str(wanted[name])
    ]
    return "; ".join(sorted(facts))


def shown(columns: Mapping[str, object]) -> str:
    """Columns with their types, for people; of many only the first."""
    texts = [f"{name}: {kind}" for name, kind in columns.items()]
    more = f", and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return f"({', '.join(texts[:_SHOWN])}{more})"


def columns_of(schema: Any) -> dict[str, Any]:
    """The names of a schema with their types."""
    return {field.name: field.type for field in schema}


def widened(one: Any, other: Any) -> Any:
    """The narrowest type that holds the values of both; None if there is none."""
    import pyarrow as pa
    import pyarrow.types as of

    one, other = _unencoded(one, other), _unencoded(other, one)
    if one == other or of.is_null(other):
        return one
    if of.is_null(one):
        return other
    if of.is_struct(one) and of.is_struct(other):
        return _struct(one, other)
    if _is_list(one) and _is_list(other):
        item = widened(one.value_type, other.value_type)
        large = of.is_large_list(one) or of.is_large_list(other)
        return None if item is None else (pa.large_list(item) if large else pa.list_(item))
    try:
        found = pa.unify_schemas([pa.schema([("", one)]), pa.schema([("", other)])], promote_options="permissive")
    except pa.ArrowException:
        return None
    kind = found.field(0).type
    return None if _kind(one) != _kind(other) or of.is_nested(kind) else kind


def _common(held: Any, wanted: Any, change: Change) -> Any:
    import pyarrow.types as of

    if change == "append" or of.is_null(held) or of.is_null(wanted):
        return widened(held, wanted)
    return widened(held, wanted) if _plain(held) == _plain(wanted) else None


def _plain(type: Any) -> Any:
    try:
        return plain_type(type)
    except UnsupportedTypeError:
        return type


def _unencoded(type: Any, beside: Any) -> Any:
    """A type as it can be widened: where only one of two has a dictionary, that is left out."""
    import pyarrow as pa
    import pyarrow.types as of

    if of.is_dictionary(type) and type != beside:
        return _unencoded(type.value_type, None)
    if of.is_string_view(type):
        return pa.large_string()
    return pa.large_binary() if of.is_binary_view(type) else type


def _is_list(type: Any) -> bool:
    import pyarrow.types as of

    return bool(of.is_list(type) or of.is_large_list(type) or of.is_fixed_size_list(type))


def _struct(one: Any, other: Any) -> Any:
    import pyarrow as pa

    fields = {field.name: field.type for field in one}
    for field in other:
        kind = widened(fields.get(field.name, pa.null()), field.type)
        if kind is None:
            return None
        fields[field.name] = kind
    return pa.struct(list(fields.items()))


def _kind(type: Any) -> str:
    """Of which sort a type is: none becomes one of another sort, lest something is lost."""
    import pyarrow.types as of

    sorts = {
        "number": lambda kind: of.is_integer(kind) or of.is_floating(kind),
        "decimal": of.is_decimal,
        "text": lambda kind: of.is_string(kind) or of.is_large_string(kind),
        "bytes": lambda kind: of.is_binary(kind) or of.is_large_binary(kind) or of.is_fixed_size_binary(kind),
    }
    return next((name for name, is_sort in sorts.items() if is_sort(type)), "other")
