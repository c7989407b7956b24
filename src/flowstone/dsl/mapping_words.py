"""The words that say which partitions of an asset are read."""

from __future__ import annotations

from typing import Literal

from flowstone.dsl.frozen import dataclass


@dataclass(frozen=True)
class Last:
    """The window of the producer's keys that ends with the consumer's key, as ``dict[str, T]``.

    Keys before the producer's start are left out. Errors: ValueError unless exactly one length is given, from 1.
    """

    hours: int | None = None
    days: int | None = None
    weeks: int | None = None
    months: int | None = None
    kind: Literal["last"] = "last"

    def __post_init__(self) -> None:
        given = [value for value in (self.hours, self.days, self.weeks, self.months) if value is not None]
        if len(given) != 1:
            raise ValueError("Last takes exactly one of hours=, days=, weeks=, months=")
        if isinstance(given[0], bool) or not isinstance(given[0], int) or given[0] < 1:
            raise ValueError(f"Last takes a whole number from 1, not {given[0]!r}")

    @property
    def unit(self) -> str:
        """The kind of partition that is counted."""
        names = {"hourly": self.hours, "daily": self.days, "weekly": self.weeks, "monthly": self.months}
        return next(name for name, value in names.items() if value is not None)

    @property
    def count(self) -> int:
        return next(value for value in (self.hours, self.days, self.weeks, self.months) if value is not None)


@dataclass(frozen=True)
class Offset:
    """The key so many periods away; ``Offset(-1)`` is the one before, also of the asset itself."""

    count: int
    kind: Literal["offset"] = "offset"

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int):
            raise ValueError(f"Offset takes a whole number, not {self.count!r}")


@dataclass(frozen=True)
class Only:
    """Fixed keys. One key gives its value; several give ``dict[str, T]``."""

    keys: tuple[str, ...]
    kind: Literal["only"] = "only"

    def __init__(self, *keys: str, kind: Literal["only"] = "only") -> None:
        if len(keys) == 1 and isinstance(keys[0], tuple | list):  # the form in which the IR holds it
            keys = tuple(keys[0])
        if not keys or not all(isinstance(key, str) for key in keys):
            raise ValueError("Only takes one or more keys, as texts")
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "kind", kind)


@dataclass(frozen=True)
class AllPartitions:
    """Every key of the producer, as ``dict[str, T]``: all of a static set, of others those that are stored."""

    kind: Literal["all"] = "all"


SingleMapping = Last | Offset | Only | AllPartitions


@dataclass(frozen=True)
class DimensionMapping:
    """What is read of one dimension of the producer."""

    name: str
    mapping: SingleMapping


@dataclass(frozen=True)
class ByDimension:
    """Another mapping for some dimensions of the producer: ``ByDimension(day=Last(days=7), region=Only("eu"))``.

    The others are read as by default. Errors: ValueError if no dimension is named.
    """

    dimensions: tuple[DimensionMapping, ...]
    kind: Literal["by_dimension"] = "by_dimension"

    def __init__(self, **dimensions: SingleMapping) -> None:
        if not dimensions:
            raise ValueError("ByDimension names at least one dimension of the upstream asset")
        found = tuple(DimensionMapping(name, dimensions[name]) for name in sorted(dimensions))
        object.__setattr__(self, "dimensions", found)


PartitionMapping = Last | Offset | Only | AllPartitions | ByDimension


def each_mapping(mapping: PartitionMapping | None) -> tuple[SingleMapping, ...]:
    """The mappings of the single dimensions, or the one that holds for the whole; nothing for None."""
    if isinstance(mapping, ByDimension):
        return tuple(item.mapping for item in mapping.dimensions)
    return () if mapping is None else (mapping,)
