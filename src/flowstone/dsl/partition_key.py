"""Partition keys.

A key has one canonical text (``PartitionKey.text``). It is made of ``A-Z a-z 0-9 _ . : + - ~`` only, so that it is safe
as part of a path, as a parameter of an engine's run and in SQL:

=========  ======================  ====================================================================
kind       text                    note
=========  ======================  ====================================================================
daily      ``2013-01-31``
weekly     ``2013-01-28``          the Monday
monthly    ``2013-01``
hourly     ``2013-01-31T05``       in UTC; in other zones with the offset, ``2013-01-31T05-0500``, since
                                   an hour of the clock comes twice in autumn
cron       ``2013-01-31T0530``     the tick with which the period begins, by the clock on the wall
static     ``eu``                  any text; what is outside ``A-Z a-z 0-9 _ -`` is written ``~XX`` for
                                   each byte of its UTF-8 form
dynamic    ``acme``                the same
multi      ``2013-01-31.eu``       the keys of the dimensions, these ordered by name, with ``.`` between
=========  ======================  ====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

MAX_KEY_LENGTH = 200
"""Longest canonical text of a key, in characters: Airflow allows 250, and file names 255 bytes with our suffixes."""

_SAFE = re.compile(r"[A-Za-z0-9_-]")
_ESCAPE = re.compile(r"~([0-9A-F]{2})")


class PartitionKeyError(ValueError):
    """A text is not a key of the partition definition."""


@dataclass(frozen=True)
class PartitionKey:
    """One partition: its canonical text and, for time partitions, the period that it covers."""

    text: str
    """Canonical form, safe as part of a path; see the module's table."""
    key: str
    """The key as the user wrote it; the same as ``text`` but for static keys with special characters."""
    start: datetime | None = None
    """Start of the period, with zone; None for static keys. Of several dimensions that of the only one with periods."""
    end: datetime | None = None
    """End of the period, not part of it."""

    parts: tuple[tuple[str, PartitionKey], ...] = ()
    """Of a key of several dimensions, the name of each with its key; see ``dimensions``."""

    @property
    def dimensions(self) -> Mapping[str, PartitionKey]:
        """The key of each dimension by its name: ``ctx.partition.dimensions["day"].date``; empty if there are none."""
        return dict(self.parts)

    @property
    def date(self) -> date:
        """First day of the period. Errors: ValueError for a key without a period, or with more than one."""
        if self.start is None:
            raise ValueError(f"partition {self.key!r} has no date: it is not a time partition")
        return self.start.date()

    def __str__(self) -> str:
        return self.text


def escape(key: str) -> str:
    """Canonical text of a static key; the inverse of ``unescape`` for every text without lone surrogates."""
    return "".join(
        char if _SAFE.match(char) else "".join(f"~{byte:02X}" for byte in char.encode("utf-8")) for char in key
    )


def unescape(text: str) -> str:
    """The static key of a canonical text. Errors: PartitionKeyError if the text is not canonical."""
    try:
        raw = b"".join(
            bytes.fromhex(piece) if index % 2 else piece.encode("ascii")
            for index, piece in enumerate(_ESCAPE.split(text))
        )
        key = raw.decode("utf-8")
    except ValueError as error:
        raise PartitionKeyError(f"{text!r} is not the canonical text of a key") from error
    if escape(key) != text:
        raise PartitionKeyError(f"{text!r} is not the canonical text of a key; {escape(key)!r} is")
    return key
