"""Partitions whose keys are added while a project is in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Literal, Self

from flowstone.dsl.calendar_partitions import Definition
from flowstone.dsl.frozen import dataclass
from flowstone.dsl.partition_key import MAX_KEY_LENGTH, PartitionKey, PartitionKeyError, escape, unescape
from flowstone.patterns import pattern

_NAME = pattern(r"[a-z][a-z0-9_]*")
MAX_REGISTRY_NAME = 60
"""Longest name of a registry, in characters: it becomes part of file names and of tables."""


@dataclass(frozen=True)
class DynamicPartitions(Definition):
    """The keys of a registry, which grows and shrinks: ``DynamicPartitions("customers")``.

    Keys are added by ``flowstone partitions add`` and by ``ctx.add_partitions``. What the source says is the registry's
    name alone; a run reads the keys from the store when it begins.
    Errors: ValueError for a name that does not consist of small letters, digits and ``_``, beginning with a letter, or
    has more than 60 characters.
    """

    name: str
    kind: Literal["dynamic"] = "dynamic"

    known: ClassVar[Mapping[str, PartitionKey] | None] = None
    """The registry's keys by their texts, in order; None as long as they have not been read. No part of equality."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} cannot be the name of a registry: small letters, digits and _, beginning with a letter"
            )
        if len(self.name) > MAX_REGISTRY_NAME:
            raise ValueError(f"the name of a registry has at most {MAX_REGISTRY_NAME} characters, not {len(self.name)}")

    def with_keys(self, keys: Iterable[PartitionKey]) -> Self:
        """The same with the keys that its registry has."""
        found = type(self)(self.name)
        object.__setattr__(found, "known", {key.text: key for key in keys})
        return found

    @cached_property
    def unread(self) -> DynamicPartitions:
        """The same without knowing its keys: every possible one is a key."""
        return self if self.known is None else DynamicPartitions(self.name)

    def parse(self, text: str) -> PartitionKey:
        """The key of a canonical text, or of a key as it is written; of one that is known, if the keys are.

        Errors: PartitionKeyError for what cannot be a key, or is none of the known ones.
        """
        key = dynamic_key(text)
        if self.known is not None and key.text not in self.known:
            if (written := self.known.get(escape(text))) is not None:  # one that looks like the text of another
                return written
            add = f"flowstone partitions add {self.name} {key.text}"
            raise PartitionKeyError(f"the registry {self.name!r} has no key {key.key!r}; to add it: {add}")
        return key

    def keys(self, until: datetime | None = None) -> Iterator[PartitionKey]:
        """The known keys. Errors: RuntimeError if they have not been read."""
        if self.known is None:
            raise RuntimeError(f"the keys of the registry {self.name!r} have not been read")
        return iter(self.known.values())


def dynamic_key(text: str) -> PartitionKey:
    """The key of a canonical text, or of any other text as it is written.

    Errors: PartitionKeyError for an empty one, one that holds half of a surrogate pair, or one that is too long.
    """
    try:
        key = unescape(text)
    except PartitionKeyError:
        key = text
    return written_key(key)


def written_key(key: str) -> PartitionKey:
    """The key of a text as it is written. Errors: as ``dynamic_key``."""
    if not key:
        raise PartitionKeyError("a key cannot be empty")
    try:
        canonical = escape(key)
    except UnicodeEncodeError:
        raise PartitionKeyError(f"{key!r} cannot be a key: it holds half of a character") from None
    if len(canonical) > MAX_KEY_LENGTH:
        raise PartitionKeyError(
            f"the key {key[:40]!r}... is too long: {len(canonical)} characters, at most {MAX_KEY_LENGTH}"
        )
    return PartitionKey(text=canonical, key=key)
