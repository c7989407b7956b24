"""Names of data objects: a path with a version, so that no two attempts ever write the same object."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from flowstone.io.record import Record, content_of
from flowstone.io.store import RECORDS

VERSIONED = re.compile(r"\.v[0-9a-f]{16}(\.[A-Za-z0-9]{1,16})?$")
"""How the names of data objects end."""

VERSION = re.compile(r"[0-9a-f]{16}")

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


def versioned(place: str, version: str) -> str:
    """The name of one version of a value: ``orders.v0123456789abcdef.json``."""
    path = PurePosixPath(place)
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    return str(path.with_name(f"{path.name.removesuffix(suffix)}.v{version}{suffix}"))


def told(record: bytes) -> str | None:
    """The place of the data of which a record tells; None if it tells nothing that can be."""
    try:
        path = PurePosixPath(content_of(Record.from_json(record))["object"])
    except (ValueError, KeyError, TypeError):
        return None
    ours = ".." not in path.parts and not path.is_absolute() and VERSIONED.search(path.name)
    return str(path) if ours else None


def is_record(content: bytes) -> bool:
    """Whether this is a record, and all of it."""
    try:
        Record.from_json(content)
    except ValueError:
        return False
    return content.endswith(b"\n")


def own(places: Iterable[str]) -> list[str]:
    """Without what belongs to stores that lie in folders of this one."""
    found = list(places)
    inner = {place.partition(f"/{RECORDS}/")[0] for place in found if f"/{RECORDS}/" in place}
    return [place for place in found if not any(place.startswith(f"{folder}/") for folder in inner)]
