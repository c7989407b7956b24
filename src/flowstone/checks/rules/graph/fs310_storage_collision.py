"""FS310: two assets in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Asset


def check(subject: Subject) -> Iterator[Finding]:
    stores = _stores(subject)
    first: dict[tuple[str, str], Asset] = {}
    for read in subject.read_options.values():
        asset, place = read.asset, read.place
        if place is None:
            continue
        other = first.setdefault((stores[asset.storage.manager], place), asset)
        if other is not asset and not _is_of_names(asset, other):
            yield Finding(
                f"assets {asset.id!r} and {other.id!r} are stored in the same place: {place}",
                subject.keyword(asset, "path", "table"),
                help="give one of them another path or table",
                related=((subject.keyword(other, "path", "table"), f"{other.id!r} is stored there too"),),
            )
    yield from _inside_of_others(subject, first)


def _is_of_names(asset: Asset, other: Asset) -> bool:
    """Whether the places are one only because the names differ by case: that is FS109."""
    own = {"path", "table"} & {*asset.storage.options, *other.storage.options}
    return not own and asset.id.casefold() == other.id.casefold()


def _inside_of_others(subject: Subject, places: Mapping[tuple[str, str], Asset]) -> Iterator[Finding]:
    """Assets whose path goes through the file of another one."""
    for (store, place), asset in places.items():
        for folder in _folders(place):
            other = places.get((store, folder))
            if other is not None:
                yield Finding(
                    f"asset {asset.id!r} is stored in {place}, but {folder} is the file of {other.id!r} and no folder",
                    subject.keyword(asset, "path", "table"),
                    help="give one of them another path",
                    related=((subject.keyword(other, "path", "table"), f"{other.id!r} is stored there"),),
                )


def _folders(place: str) -> Iterator[str]:
    """The folders around a place, the innermost first."""
    folder = place
    while folder := folder.rpartition("/")[0]:
        yield folder


def _stores(subject: Subject) -> dict[str, str]:
    """A text for each configured manager that is equal for two that are the same store under two names."""
    found = {}
    for name in subject.managers:
        config = subject.project.io_managers[name]
        own = config.options or {"name": name}
        found[name] = json.dumps([config.type, own], sort_keys=True, default=str)
    return found


RULE = Rule(
    code="FS310",
    name="storage-collision",
    summary="Two assets are stored under one path or table",
    why="Each would overwrite the other, and who reads one would be given the other.",
    bad="""\
from flowstone import asset


@asset(path="sales/orders.json")
def orders() -> list[int]:
    return [1, 2]


@asset(path="sales/orders.json")  # <- here
def returns() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import asset


@asset(path="sales/orders.json")
def orders() -> list[int]:
    return [1, 2]


@asset(path="sales/returns.json")
def returns() -> list[int]:
    return [3]
""",
    check=check,
)
