"""Which partitions a run makes, given the keys that were asked for. One meaning for the local runner and Prefect.

* A given key goes to every partition definition that has it.
* A coarser time partition follows when the run holds the last finer key of it: a run of 2013-01-31 also makes 2013-01.
* Static partitions for which no key is given: all keys; dynamic ones: all that their registry has.
* Of partitions of several dimensions all combinations of the keys that their dimensions get: a run of 2013-01-31 makes
  all regions of that day. A given combination gives its keys to partitions by one of the dimensions, and a coarser
  period follows only from combinations that make up the whole of the finer one.
* An unpartitioned step that reads from one that gets no key is left out, too: a report by months waits for its month.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import prod

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.multi_partitions import SEPARATOR
from flowstone.dsl.partitions import (
    DynamicPartitions,
    MonthlyPartitions,
    MultiPartitions,
    PartitionKey,
    PartitionKeyError,
    Partitions,
    SinglePartitions,
    StaticPartitions,
    TimePartitions,
    WeeklyPartitions,
    axes,
)
from flowstone.ir.project import Project

Keys = tuple[PartitionKey | None, ...]


def definitions(project: Project, steps: Iterable[str]) -> tuple[Partitions, ...]:
    """The distinct partition definitions of the steps: fine before coarse, static ones, those of many dimensions."""
    partitioned = project.partitioned
    found = {partitioned[step]: None for step in steps if step in partitioned}
    return tuple(sorted(found, key=_rank))


def axes_of(project: Project, steps: Iterable[str]) -> tuple[SinglePartitions, ...]:
    """The same, with each definition of many dimensions replaced by those of its dimensions."""
    found = {axis: None for definition in definitions(project, steps) for axis in axes(definition)}
    return tuple(sorted(found, key=_rank))


def _rank(definition: Partitions) -> tuple[int, str]:
    if isinstance(definition, TimePartitions):
        return definition.grain, repr(definition)
    return (10 if isinstance(definition, MultiPartitions) else 9), repr(definition)


def keys_of(definition: Partitions, given: Sequence[str]) -> tuple[PartitionKey, ...]:
    """The keys of one definition among texts, each a key or a range ``A..B``; others are left out."""
    found: dict[str, PartitionKey] = {}
    for text in given:
        first, dots, last = text.partition("..")
        try:
            if dots and isinstance(definition, TimePartitions):
                keys = definition.between(first, last)
            elif "=" in text and isinstance(definition, MultiPartitions):
                keys = definition.written(text)
            else:
                keys = (definition.parse(text),)
        except PartitionKeyError:
            continue
        found.update((key.text, key) for key in keys)
    return tuple(found.values())


def assign_keys(project: Project, steps: Sequence[str], given: Sequence[str]) -> dict[str, Keys]:
    """The partitions of each step (ids in topological order); ``(None,)`` for an unpartitioned one, ``()`` for none.

    Errors: PartitionKeyError for a text that belongs to no definition of these steps; ValueError for a reversed range.
    """
    return fill_keys(project, steps, explicit_keys(project, steps, given))


def explicit_keys(
    project: Project, steps: Sequence[str], given: Sequence[str]
) -> dict[Partitions, tuple[PartitionKey, ...]]:
    """The keys among the texts that each definition of the steps has. Errors: as ``assign_keys``."""
    wanted = known_definitions(project, steps)
    explicit: dict[Partitions, dict[str, PartitionKey]] = {definition: {} for definition in wanted}
    for text in given:
        found = {definition: keys_of(definition, [text]) for definition in wanted}
        if not any(found.values()):
            raise PartitionKeyError(_no_such_key(text, wanted))
        for definition, keys in found.items():
            explicit[definition].update((key.text, key) for key in keys)
    return {definition: tuple(keys.values()) for definition, keys in explicit.items()}


def known_definitions(project: Project, steps: Sequence[str]) -> tuple[Partitions, ...]:
    """The partition definitions of the steps, and those of their dimensions."""
    return tuple(dict.fromkeys((*axes_of(project, steps), *definitions(project, steps))))


def why_not_key(project: Project, steps: Sequence[str], text: str) -> str | None:
    """Why a text is no single key of the partitions of these steps, or of one of their dimensions; None if it is."""
    return why_no_key_of(known_definitions(project, steps), text)


def why_no_key_of(wanted: Sequence[Partitions], text: str) -> str | None:
    """The same for definitions that are known already: whoever has many texts looks for them once."""
    reasons = []
    for definition in wanted:
        try:
            definition.parse(text)
        except PartitionKeyError as error:
            reasons.append(str(error))
        else:
            return None
    return "; ".join(dict.fromkeys(reasons)) or _no_such_key(text, wanted)


def all_keys(project: Project, steps: Sequence[str], instant: datetime) -> dict[str, Keys]:
    """All partitions of each step whose time has come at the instant; as ``assign_keys``."""
    return fill_keys(project, steps, {item: tuple(item.keys(instant)) for item in axes_of(project, steps)})


def fill_keys(
    project: Project, steps: Sequence[str], explicit: Mapping[Partitions, Sequence[PartitionKey]]
) -> dict[str, Keys]:
    """The partitions of each step, as ``assign_keys``, from the keys that were given for some of the definitions."""
    filling = _Filling(explicit)
    keys = {definition: filling.keys(definition) for definition in definitions(project, steps)}
    found: dict[str, Keys] = {}
    some_have_none = not all(keys.values())
    partitioned = project.partitioned
    for step in steps:
        partitions = partitioned.get(step)
        if partitions is not None:
            found[step] = keys[partitions]
        else:
            found[step] = () if some_have_none and _waits(project, step, found) else (None,)
    return found


def _waits(project: Project, step: str, found: Mapping[str, Keys]) -> bool:
    """Whether an unpartitioned step reads from one that gets no key."""
    return any(
        found.get(project.assets[dependency.asset].step) == ()
        for dependency in project.steps[step].signature.dependencies
        if dependency.asset in project.assets and not dependency.optional
    )


def closed_keys(
    project: Project, steps: Sequence[str], instant: datetime
) -> dict[Partitions, tuple[PartitionKey, ...]]:
    """What a run by the clock is given: the last period of each time partition that is over at the instant.

    A definition that follows from a finer one of the same zone gets no key of its own.
    """
    found: dict[Partitions, tuple[PartitionKey, ...]] = {}
    times = [definition for definition in axes_of(project, steps) if isinstance(definition, TimePartitions)]
    for definition in times:
        if not any(_follows(definition, finer) for finer in times):
            key = definition.last_closed(instant)
            found[definition] = () if key is None else (key,)
    return found


def _follows(coarse: TimePartitions, finer: TimePartitions) -> bool:
    """Whether the end of each coarse period is the end of a finer one."""
    return _can_follow(coarse, finer) and not (
        isinstance(finer, WeeklyPartitions) and isinstance(coarse, MonthlyPartitions)
    )


def _can_follow(coarse: TimePartitions, finer: TimePartitions) -> bool:
    """Whether coarse periods can end with finer ones."""
    of_calendar = finer.is_of_calendar and coarse.is_of_calendar
    return of_calendar and finer.timezone == coarse.timezone and finer.grain < coarse.grain


class _Filling:
    """What follows from the keys that were given."""

    def __init__(self, explicit: Mapping[Partitions, Sequence[PartitionKey]]) -> None:
        self._explicit = explicit
        self._explicit_by_text = {axis: {key.text: key for key in keys} for axis, keys in explicit.items()}
        self._given: dict[Partitions, dict[str, PartitionKey]] = {}
        """With those of the dimensions of given combinations."""
        self._whole: dict[Partitions, dict[str, PartitionKey]] = {}
        """The same, but only where all combinations with that key were given."""
        for definition, keys in explicit.items():
            if isinstance(definition, MultiPartitions):
                self._take_apart(definition, keys)
            else:
                for found in (self._given, self._whole):
                    found.setdefault(definition, {}).update((key.text, key) for key in keys)

    def _take_apart(self, definition: MultiPartitions, keys: Sequence[PartitionKey]) -> None:
        for name, axis in definition.by_name.items():
            others = [item for other, item in definition.by_name.items() if other != name]
            whole = prod(_count(item, len(keys) + 1) for item in others)
            found: dict[str, list[PartitionKey]] = {}
            for key in keys:
                found.setdefault(key.dimensions[name].text, []).append(key.dimensions[name])
            for text, equal in found.items():
                self._given.setdefault(axis, {})[text] = equal[0]
                if len(equal) == whole:
                    self._whole.setdefault(axis, {})[text] = equal[0]

    def keys(self, definition: Partitions) -> tuple[PartitionKey, ...]:
        """The keys of a definition."""
        if not isinstance(definition, MultiPartitions):
            return self._of_axis(definition, self._given)
        given = tuple(self._explicit.get(definition, ()))
        if given and not any(self._explicit.get(axis) for axis in axes(definition)):
            return given
        source = self._explicit_by_text if given else self._given
        parts = {name: self._of_axis(axis, source) for name, axis in definition.by_name.items()}
        return tuple({key.text: key for key in (*given, *definition.product(parts))}.values())

    def _of_axis(
        self, axis: SinglePartitions, source: Mapping[Partitions, Mapping[str, PartitionKey]]
    ) -> tuple[PartitionKey, ...]:
        whole = {definition: tuple(keys.values()) for definition, keys in self._whole.items()}
        return tuple(source.get(axis, {}).values()) or _implied(axis, whole)


def _implied(
    definition: SinglePartitions, explicit: Mapping[Partitions, Sequence[PartitionKey]]
) -> tuple[PartitionKey, ...]:
    if not isinstance(definition, TimePartitions):
        return tuple(definition.keys())
    found: dict[str, PartitionKey] = {}
    for finer, keys in explicit.items():
        if not isinstance(finer, TimePartitions) or not _can_follow(definition, finer):
            continue
        for key in keys:
            assert key.start is not None
            coarse = definition.at(key.start)
            if coarse is not None and coarse.end == key.end:
                found[coarse.text] = coarse
    return tuple(found.values())


def _count(axis: SinglePartitions, more: int) -> int:
    """How many keys there are; ``more`` where that is not fixed."""
    if isinstance(axis, StaticPartitions):
        return len(axis.values)
    return more if isinstance(axis, TimePartitions) or axis.known is None else len(axis.known)


def _no_such_key(text: str, wanted: Sequence[Partitions]) -> str:
    if not wanted:
        return f"{text!r} was given as a partition, but nothing selected is partitioned"
    many = [definition for definition in wanted if isinstance(definition, MultiPartitions)]
    is_combination = SEPARATOR in text.replace("..", "") or "=" in text
    reasons = (_why_not(definition, text) for definition in (many if many and is_combination else wanted))
    return "; ".join(dict.fromkeys(filter(None, reasons))) or f"{text!r} is an empty range"


def _known_keys(definition: Partitions) -> Sequence[str]:
    if isinstance(definition, StaticPartitions):
        return definition.values
    known = definition.known if isinstance(definition, DynamicPartitions) else None
    return [key.key for key in known.values()] if known else []


def _why_not(definition: Partitions, text: str) -> str | None:
    first, dots, last = text.partition("..")
    if dots and not isinstance(definition, TimePartitions | MultiPartitions):
        return f"{text!r} is a range, and {definition.kind} keys have none: give each by --partition"
    try:
        if not isinstance(definition, MultiPartitions):
            definition.parse(first)
            definition.parse(last or text)
        elif "=" in text:
            definition.written(text)
        elif dots:
            return f"{text!r} is a range over several dimensions; write {definition.usage} with ranges in it"
        else:
            definition.parse(text)
    except PartitionKeyError as error:
        near = did_you_mean(text, _known_keys(definition))
        return f"{error}; {near}" if near else str(error)
    return None
