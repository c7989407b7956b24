"""Partitions of several dimensions: one for each combination of their keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal

from flowstone.dsl.frozen import dataclass
from flowstone.dsl.partition_key import MAX_KEY_LENGTH, PartitionKey, PartitionKeyError
from flowstone.dsl.single_partitions import (
    Definition,
    DynamicPartitions,
    PeriodPartitions,
    SinglePartitions,
    StaticPartitions,
    TimePartitions,
)

SEPARATOR = "."
"""Between the keys of the dimensions in the canonical text; no key of a single dimension holds it."""

LONGEST_TIME_KEY = len("2013-01-31T0530-0500")


@dataclass(frozen=True)
class Dimension:
    """A named dimension of ``MultiPartitions``."""

    name: str
    partitions: SinglePartitions


@dataclass(frozen=True)
class MultiPartitions(Definition):
    """One partition for each combination of the keys of its dimensions: ``MultiPartitions(day=days, region=regions)``.

    The dimensions are ordered by name, so that it does not matter in which order they are written.
    Errors: ValueError for fewer than two dimensions, a name that is no identifier, a dimension that itself has several,
    or keys whose canonical text could be longer than 200 characters.
    """

    dimensions: tuple[Dimension, ...]
    kind: Literal["multi"] = "multi"

    def __init__(self, **dimensions: SinglePartitions) -> None:
        if len(dimensions) < 2:
            raise ValueError("multi partitions need at least two dimensions, such as day= and region=")
        for name, partitions in dimensions.items():
            if not name.isidentifier():
                raise ValueError(f"{name!r} cannot be the name of a dimension")
            if not isinstance(partitions, Definition) or isinstance(partitions, MultiPartitions):
                raise ValueError(f"{name} must be partitions of one dimension")
        found = tuple(Dimension(name, dimensions[name]) for name in sorted(dimensions))
        longest = sum(_longest(item.partitions) for item in found) + len(found) - 1
        if longest > MAX_KEY_LENGTH:
            raise ValueError(f"the keys are too long: up to {longest} characters, at most {MAX_KEY_LENGTH}")
        object.__setattr__(self, "dimensions", found)

    @cached_property
    def by_name(self) -> Mapping[str, SinglePartitions]:
        """The definition of each dimension by its name, in order."""
        return {item.name: item.partitions for item in self.dimensions}

    @cached_property
    def registries(self) -> tuple[str, ...]:
        """Names of the registries that hold the keys of dimensions."""
        return tuple(item.name for item in self.by_name.values() if isinstance(item, DynamicPartitions))

    @cached_property
    def unread(self) -> MultiPartitions:
        """The same without what is known of its registries."""
        return MultiPartitions(**{name: unread(item) for name, item in self.by_name.items()})  # type: ignore[arg-type]

    @cached_property
    def room(self) -> int:
        """How long a key of a registry may be, so that no combination is too long: all registries have equal shares."""
        fixed = [_longest(item) for item in self.by_name.values() if not isinstance(item, DynamicPartitions)]
        return (MAX_KEY_LENGTH - sum(fixed) - len(self.dimensions) + 1) // max(len(self.registries), 1)

    @property
    def times(self) -> Mapping[str, PeriodPartitions]:
        """The dimensions with periods, by name."""
        return {name: item for name, item in self.by_name.items() if isinstance(item, TimePartitions)}

    def combine(self, keys: Sequence[PartitionKey]) -> PartitionKey:
        """The key of a combination, given in the order of the dimensions.

        Errors: PartitionKeyError if it is too long, which only a key of a registry can cause.
        """
        text = SEPARATOR.join(key.text for key in keys)
        if len(text) > MAX_KEY_LENGTH:
            raise PartitionKeyError(f"the key {text[:40]}... is too long: {len(text)} characters, not {MAX_KEY_LENGTH}")
        periods = [key for key in keys if key.start is not None]
        start, end = (periods[0].start, periods[0].end) if len(periods) == 1 else (None, None)
        return PartitionKey(text, text, start, end, tuple(zip(self.by_name, keys, strict=True)))

    def product(self, keys: Mapping[str, Sequence[PartitionKey]]) -> Iterator[PartitionKey]:
        """The combinations of the keys of each dimension, by name, in order."""
        return map(self.combine, itertools.product(*(keys[name] for name in self.by_name)))

    def parse(self, text: str) -> PartitionKey:
        parts = text.split(SEPARATOR)
        if len(parts) != len(self.dimensions):
            raise PartitionKeyError(f"{text!r} is not a key of {self.words}; {self.example} is one")
        keys = []
        for (name, partitions), part in zip(self.by_name.items(), parts, strict=True):
            try:
                key = partitions.parse(part)
            except PartitionKeyError as error:
                raise PartitionKeyError(f"{name}: {error}") from None
            if key.text != part:
                raise PartitionKeyError(f"{name}: {part!r} is not the canonical text of a key; {key.text!r} is")
            keys.append(key)
        return self.combine(keys)

    def keys(self, until: datetime | None = None) -> Iterator[PartitionKey]:
        return self.product({name: tuple(partitions.keys(until)) for name, partitions in self.by_name.items()})

    def written(self, text: str) -> tuple[PartitionKey, ...]:
        """The keys of ``DIMENSION=KEY,...``: a key or a range ``FIRST..LAST`` for each; only periods must be given.

        Errors: PartitionKeyError for an unknown dimension or key, or if one with periods is left out.
        """
        given: dict[str, tuple[PartitionKey, ...]] = {}
        for piece in text.split(","):
            name, equals, key = piece.partition("=")
            if not equals or name not in self.by_name or name in given:
                raise PartitionKeyError(f"{piece!r} in {text!r} names no dimension; write {self.usage}")
            given[name] = _keys(self.by_name[name], key)
        for name, partitions in self.by_name.items():
            if name not in given:
                if isinstance(partitions, TimePartitions):
                    raise PartitionKeyError(f"{text!r} does not say which {name}; write {self.usage}")
                given[name] = tuple(partitions.keys())
        return tuple(self.product(given))

    @property
    def words(self) -> str:
        """The names of the dimensions."""
        return " and ".join(self.by_name)

    @property
    def example(self) -> str:
        """A key."""
        return SEPARATOR.join(_first(partitions).text for partitions in self.by_name.values())

    @property
    def usage(self) -> str:
        """How a key is written with the names of the dimensions."""
        return ",".join(f"{name}={_first(partitions).text}" for name, partitions in self.by_name.items())


def axes(definition: SinglePartitions | MultiPartitions | None) -> tuple[SinglePartitions, ...]:
    """The definitions of the dimensions; of one without dimensions itself, and nothing for None."""
    if isinstance(definition, MultiPartitions):
        return tuple(definition.by_name.values())
    return () if definition is None else (definition,)


def is_finite(definition: SinglePartitions | MultiPartitions) -> bool:
    """Whether all keys are written down: no dimension has periods."""
    return all(isinstance(item, StaticPartitions) for item in axes(definition))


def unread(definition: SinglePartitions | MultiPartitions) -> SinglePartitions | MultiPartitions:
    """The definition without what is known of its registries: it has every key that is possible."""
    if isinstance(definition, DynamicPartitions):
        return definition.unread
    if isinstance(definition, MultiPartitions) and definition.registries:
        return definition.unread
    return definition


def with_keys(
    definition: SinglePartitions | MultiPartitions, keys: Mapping[str, Sequence[PartitionKey]]
) -> SinglePartitions | MultiPartitions:
    """The definition with the keys that its registries have, by their names; an equal one. Others stay unread."""
    if isinstance(definition, DynamicPartitions):
        return definition.with_keys(keys[definition.name]) if definition.name in keys else definition
    if isinstance(definition, MultiPartitions) and definition.registries:
        return MultiPartitions(**{name: with_keys(item, keys) for name, item in definition.by_name.items()})  # type: ignore[arg-type]
    return definition


def _first(partitions: SinglePartitions) -> PartitionKey:
    if isinstance(partitions, TimePartitions):
        return partitions.first()
    known = partitions.known if isinstance(partitions, DynamicPartitions) else None
    if isinstance(partitions, DynamicPartitions) and not known:
        return PartitionKey("KEY", "KEY")
    return next(partitions.keys())


def _keys(partitions: SinglePartitions, text: str) -> tuple[PartitionKey, ...]:
    first, dots, last = text.partition("..")
    if dots and isinstance(partitions, TimePartitions):
        return partitions.between(first, last)
    return (partitions.parse(text),)


def _longest(partitions: SinglePartitions) -> int:
    if isinstance(partitions, StaticPartitions):
        return max(len(key.text) for key in partitions.keys())  # noqa: SIM118 - no mapping
    if isinstance(partitions, DynamicPartitions):
        return 1  # keys that are too long for a combination are refused when they are added
    return LONGEST_TIME_KEY
