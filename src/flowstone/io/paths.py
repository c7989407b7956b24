"""Paths inside a store: templates that users write, and the checks that nothing leaves the store's folder."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator

from flowstone.errors import StorageError
from flowstone.io.contract import Slot
from flowstone.io.store import RECORDS

PLACEHOLDERS = ("asset", "partition")
MAX_NAME = 255
"""Longest name of a file that common file systems take, in bytes."""

_ASSETS = f"{RECORDS}/assets/{{asset}}.json"
_PARTITIONS = f"{RECORDS}/partitions/{{asset}}/{{partition}}.json"
"""Where records lie."""
_KEPT = 4096
"""Paths that are kept: those of an asset are asked for again and again while it is made."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_RESERVED_CHARACTERS = frozenset('<>:"|?*\\')
_RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_ASSET = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_PARTITION = re.compile(r"[A-Za-z0-9_~+-][A-Za-z0-9_~+:.-]*")


def _check_part(part: str) -> None:
    if part in ("", ".", ".."):
        raise ValueError(f"a path cannot hold {'an empty part' if not part else repr(part)}: it must stay in the store")
    if part.startswith("."):
        raise ValueError(f"{part!r} begins with a dot: such names belong to FlowStone")
    if part.endswith((".", " ")):
        raise ValueError(f"{part!r} ends with {part[-1]!r}, which some systems drop")
    if part.split(".")[0].casefold() in _RESERVED_NAMES:
        raise ValueError(f"{part!r} is a reserved name on some systems")
    if len(part.encode("utf-8", "surrogatepass")) > MAX_NAME:
        raise ValueError(f"{part[:40]!r}... is longer than {MAX_NAME} bytes")


def check_template(path: str) -> str:
    """The path template as it is. Errors: ValueError if it could leave the store or holds what is not portable."""
    for name in _PLACEHOLDER.findall(path):
        if name not in PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{name}}}; there are {{asset}} and {{partition}}")
    rest = _PLACEHOLDER.sub("x", path)
    if "{" in rest or "}" in rest:
        raise ValueError("a path holds braces only in {asset} and {partition}")
    if path.startswith("/"):
        raise ValueError(f"{path!r} is absolute; a path is relative to the store's root")
    if not (rest.isprintable() and _RESERVED_CHARACTERS.isdisjoint(rest)):
        char = next(char for char in rest if char in _RESERVED_CHARACTERS or not char.isprintable())
        raise ValueError(f"a path cannot hold the character {char!r}")
    for part in rest.split("/"):
        _check_part(part)
    return path


PathTemplate = Annotated[str, AfterValidator(check_template)]
"""A path relative to the store's root; may hold ``{asset}`` and ``{partition}``."""


def is_key(text: str) -> bool:
    """Whether a text can be that of a partition key."""
    return _PARTITION.fullmatch(text) is not None


def expand(template: str, slot: Slot) -> str:
    """The path of one slot. Errors: StorageError if the names could leave the store or do not fit the template."""
    return _expanded(template, slot.asset, slot.partition)


@lru_cache(maxsize=_KEPT)
def _expanded(template: str, asset: str, partition: str | None) -> str:
    if not _ASSET.fullmatch(asset):
        raise StorageError(f"{asset!r} is not the id of an asset")
    if partition is None:
        if "{partition}" in template:
            raise StorageError(f"{asset}: the path {template!r} holds {{partition}}, but there is no partition")
        return template.replace("{asset}", asset)
    if not _PARTITION.fullmatch(partition):
        raise StorageError(f"{asset}[{partition}]: {partition!r} is not the canonical text of a partition key")
    return template.replace("{asset}", asset).replace("{partition}", partition)


def location(asset: str, path: str | None, extension: str, *, partitioned: bool) -> str:
    """What ``IOManager.location`` answers for a file store: equal for paths that differ only by case or composition.

    Errors: ValueError if a partitioned asset has a path without ``{partition}``, or the other way round.
    """
    template = path or default_template(extension, partitioned=partitioned)
    if partitioned and "{partition}" not in template:
        raise ValueError(f"all partitions would share the path {template!r}; put {{partition}} into it")
    if not partitioned and "{partition}" in template:
        raise ValueError(f"the path {template!r} holds {{partition}}, but the asset is not partitioned")
    return unicodedata.normalize("NFC", template.replace("{asset}", asset)).casefold()


def record_place(slot: Slot) -> str:
    """Where the record of a slot lies in a file store. Errors: StorageError."""
    return expand(_ASSETS if slot.partition is None else _PARTITIONS, slot)


def schema_place(slot: Slot) -> str:
    """Where the columns are noted on which the partitions of an asset agree. Errors: StorageError."""
    return expand(f"{RECORDS}/schemas/{{asset}}/columns.json", Slot(slot.asset, None, slot.options))


def default_template(extension: str, *, partitioned: bool) -> str:
    """Where an asset without the option ``path`` lies."""
    return f"{{asset}}/{{partition}}{extension}" if partitioned else f"{{asset}}{extension}"


def is_on_shared_disk(path: object) -> bool | None:
    """Whether a configured folder or file lies on a disk that other machines have, too; None if that is not known.

    A relative path belongs to the project's folder, which each machine has for itself; an absolute one may be mounted.
    """
    if path is None:
        return False
    return None if not isinstance(path, str) or PurePath(path).is_absolute() else False
