"""Names of data objects: a path with a version, so that no two attempts ever write the same one."""

from __future__ import annotations

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import PurePosixPath

from flowstone.errors import DamagedError
from flowstone.io.aside import Aside
from flowstone.io.record import Record, content_of
from flowstone.io.store import RECORDS

VERSIONED = re.compile(r"\.v[0-9a-f]{16}(\.[A-Za-z0-9]{1,16})?$")
"""How the names of data objects end."""

VERSION = re.compile(r"[0-9a-f]{16}")

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


class VersionedStore(ABC):
    """What the stores share in which nothing is written over anything."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self._reached = reached

    @abstractmethod
    def _delete(self, place: str) -> None:
        """Remove a file, if it is there. Errors: OSError."""

    def fresh(self, place: str) -> tuple[str, dict[str, str]]:
        version = secrets.token_hex(8)
        target = versioned(place, version)
        return target, {"version": version, "object": target}

    def find(self, place: str, facts: Mapping[str, object]) -> str:
        version = str(facts.get("version", ""))
        if not VERSION.fullmatch(version):
            raise DamagedError(f"the record names the version {version!r}")
        return versioned(place, version)

    def create(self, place: str) -> Aside:
        return Aside(self._reached)

    def settle(self, record_place: str) -> None:  # noqa: B027 - nothing is to be done
        """Nothing: nobody waits for others here."""

    def hold(self, place: str, *, alone: bool) -> AbstractContextManager[bool]:
        """Nothing: there are no locks."""
        return nullcontext(False)

    @contextmanager
    def _undone(self, place: str) -> Iterator[None]:
        """Remove the data again if this fails: no record can tell of it."""
        try:
            yield
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell of
                self._delete(place)
            raise


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
