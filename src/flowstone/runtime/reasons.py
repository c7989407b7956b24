"""Why what is stored cannot be reused: the one judgement that running, planning and ``status`` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from flowstone.io.record import InputVersion, Record
from flowstone.runtime.prepared import PreparedStep

Kind = Literal[
    "forced",
    "uncached",
    "never made",
    "record damaged",
    "content missing",
    "store unreadable",
    "code changed",
    "configuration changed",
    "input changed",
    "input new",
    "input gone",
    "input order changed",
    "input may change",
    "input missing",
    "input blocked",
    "not chosen by",
    "chosen or not by",
    "waiting",
]
Place = tuple[str, str | None]
"""An asset and its partition."""
SHOWN = 3
"""Places that the text of a reason names."""

_TEXTS: dict[Kind, str] = {
    "forced": "forced",
    "uncached": "cache=False",
    "never made": "never made",
    "record damaged": "the record cannot be read",
    "content missing": "the content is not that of the record",
    "store unreadable": "the store cannot be read",
    "input order changed": "the order of the inputs changed",
    "input missing": "input not stored",
    "input blocked": "input cannot be made",
}


class Reason(Struct, frozen=True, gc=False):
    """One reason to make a value, or why it cannot be made."""

    kind: Kind
    places: tuple[Place, ...] = ()
    """The inputs that the reason is about."""
    detail: str = ""
    """The reason in words, where there is more to say."""

    def __str__(self) -> str:
        if self.detail:
            return self.detail
        text = _TEXTS.get(self.kind, self.kind)
        return f"{text}: {listed(self.places)}" if self.places else text


def differences(
    prepared: PreparedStep, config_version: str, record: Record, inputs: tuple[InputVersion, ...]
) -> Iterator[Reason]:
    """How a record differs from what would be recorded now; nothing if its value can be reused."""
    if record.code_version != prepared.code_version:
        yield Reason("code changed")
    if record.config_version != config_version:
        yield Reason("configuration changed")
    if record.inputs != inputs:
        yield from _of_inputs(record.inputs, inputs)


def _of_inputs(recorded: Sequence[InputVersion], now: Sequence[InputVersion]) -> Iterator[Reason]:
    before = {(item.asset, item.partition): item.data_version for item in recorded}
    after = {(item.asset, item.partition): item.data_version for item in now}
    facts: dict[Kind, list[Place]] = {
        "input changed": [place for place, version in after.items() if before.get(place, version) != version],
        "input new": [place for place in after if place not in before],
        "input gone": [place for place in before if place not in after],
    }
    for kind, places in facts.items():
        if places:
            yield Reason(kind, tuple(places))
    if not any(facts.values()):
        yield Reason("input order changed")


def listed(places: Sequence[Place]) -> str:
    """``orders, day[2024-01-01] and 3 more``."""
    names = [asset if partition is None else f"{asset}[{partition}]" for asset, partition in places]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
