"""Names of folders that tell the values of columns, as Hive has them: ``country=de``.

What no name of a folder can hold on every system is written as ``%`` and two digits for each byte of UTF-8, which
pyarrow, polars, DuckDB and Spark read, too.
"""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote, unquote

from flowstone.errors import DamagedError, UnsupportedTypeError
from flowstone.io.paths import MAX_NAME

EXTENSION = ".tar"
"""Of the file with all folders of a value."""
NULL = "__HIVE_DEFAULT_PARTITION__"
"""What stands for a value that is missing."""

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+@, ")


def demand_key(name: str, type: Any) -> None:
    """Errors: UnsupportedTypeError for a column whose values are not those of folders."""
    import pyarrow.types as of

    if of.is_dictionary(type) and type.ordered:
        raise UnsupportedTypeError(
            f"the order of the categories of column {name!r} cannot be told by the names of folders",
            help="partition_by takes a column of texts, or of categories without an order",
        )
    kind = _kind(type)
    kinds = (of.is_integer, of.is_boolean, of.is_string, of.is_large_string, of.is_date, of.is_timestamp, of.is_decimal)
    if not any(is_kind(kind) for is_kind in kinds):
        raise UnsupportedTypeError(
            f"column {name!r} of type {type} cannot tell the rows' folders",
            help="partition_by takes columns of texts, whole numbers, booleans, decimals, dates and timestamps",
        )


def folder_of(name: str, value: Any) -> str:
    """The name of the folder of the rows with a value, which is an Arrow scalar without a dictionary.

    Errors: UnsupportedTypeError.
    """
    folder = f"{_escape(name)}={_told(name, value)}"
    size = len(folder.encode())
    if size > MAX_NAME:
        raise UnsupportedTypeError(
            f"a value of column {name!r} is too long for the name of a folder: {folder[:40]!r}... has {size} bytes",
            help=f"names have no more than {MAX_NAME} bytes; partition by a shorter column",
        )
    return folder


def value_in(folder: str, name: str, type: Any) -> Any:
    """The value that a folder tells, as an Arrow scalar without a dictionary. Errors: DamagedError."""
    import pyarrow as pa

    start, told = f"{_escape(name)}=", folder.partition("=")[2]
    if not folder.startswith(start):
        raise DamagedError(f"the stored folder {folder[:80]!r} does not tell the column {name!r}")
    try:
        text = None if told == NULL else unquote(told, errors="strict")
        return pa.scalar(text, pa.string()).cast(_kind(type))
    except (UnicodeDecodeError, pa.ArrowException) as error:
        raise DamagedError(f"the stored folder {folder[:80]!r} tells no {type}: {error}") from None


def _kind(type: Any) -> Any:
    """Without a dictionary."""
    import pyarrow.types as of

    return type.value_type if of.is_dictionary(type) else type


def _told(name: str, value: Any) -> str:
    import pyarrow as pa

    if not value.is_valid:
        return NULL
    try:
        text = value.cast(pa.string())
        kept = text.cast(value.type).equals(value)
    except pa.ArrowException:
        kept = False
    if not kept:
        raise UnsupportedTypeError(f"the value {value} of column {name!r} cannot be told by the name of a folder")
    told: str = text.as_py()
    return f"%5F{told[1:]}" if told == NULL else _escape(told)


def _escape(text: str) -> str:
    foreign = unicodedata.is_normalized("NFC", text)
    found = "".join(
        char if char in _PLAIN or (foreign and char > "\x7f" and char.isprintable()) else quote(char, safe="")
        for char in text
    )
    if found.endswith((".", " ")):  # which some systems drop
        return f"{found[:-1]}%{ord(found[-1]):02X}"
    return found
