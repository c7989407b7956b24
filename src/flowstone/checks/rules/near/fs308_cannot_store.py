"""FS308: a type that the IO manager cannot store."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.io.frames import yields_batches


def check(subject: Subject) -> Iterator[Finding]:
    for asset_id, options in subject.options.items():
        asset = subject.project.assets[asset_id]
        if asset.type is None or asset.type.name == "None" or isinstance(options, ValidationError):
            continue
        step = subject.project.steps.get(asset.step)
        if step is not None and step.function.is_generator and not yields_batches(step):
            continue  # FS303: it makes no value at all
        name = asset.storage.manager
        reason = subject.refusal(name, asset.type, options, loading=False)
        if reason is not None:
            yield Finding(
                f"asset {asset.id!r} is {asset.type}, which IO manager {name!r} cannot store: {reason}",
                asset.location,
                help="return another type, or choose another IO manager by io_manager=",
            )


RULE = Rule(
    code="FS308",
    name="cannot-store",
    summary="The IO manager cannot store what the function returns",
    why="The function would run to its end, and then its value would be lost.",
    bad="""\
import polars as pl
from flowstone import asset


@asset
def orders() -> pl.DataFrame:  # <- here
    return pl.DataFrame({"price": [1, 2]})
""",
    good="""\
import polars as pl
from flowstone import asset


@asset(io_manager="lake")
def orders() -> pl.DataFrame:
    return pl.DataFrame({"price": [1, 2]})
""",
    check=check,
    config="""\
[io_managers.lake]
type = "parquet"
""",
)
