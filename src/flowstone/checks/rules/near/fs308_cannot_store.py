"""FS308: a type that the IO manager cannot store."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.io.contract import Options
from flowstone.io.frames import yields_batches
from flowstone.ir.types import UNION, TypeExpr

_HELP = "return another type, or choose another IO manager by io_manager="
_HELP_FOR_OBJECTS = "make it a dataclass, return what it holds, or choose another format= or io_manager="
_HOLDING = frozenset({UNION, "list", "tuple", "dict", "set", "frozenset", "Sequence", "Mapping"})
"""Types of which the arguments are stored with them."""


def check(subject: Subject) -> Iterator[Finding]:
    for asset_id, options in subject.options.items():
        asset = subject.project.assets[asset_id]
        if asset.type is None or asset.type.name == "None" or isinstance(options, ValidationError):
            continue
        step = subject.project.steps.get(asset.step)
        if step is not None and step.function.is_generator and not yields_batches(step):
            continue  # FS303: it makes no value at all
        name = asset.storage.manager
        reason, way_out = subject.refusal(name, asset.type, options, loading=False), _HELP
        if reason is None and subject.opaque_classes:
            reason, way_out = _of_objects(subject, asset.type, name, options), _HELP_FOR_OBJECTS
        if reason is not None:
            yield Finding(
                f"asset {asset.id!r} is {asset.type}, which IO manager {name!r} cannot store: {reason}",
                asset.location,
                help=way_out,
            )


def _of_objects(subject: Subject, type: TypeExpr, manager: str, options: Options) -> str | None:
    """Why objects of a plain class of the project, which a value is or holds, cannot be stored."""
    pending = [type]
    for item in pending:  # grows while it is read
        if item.name in subject.opaque_classes:
            reason = subject.managers[manager].refuses_objects(options)
            return reason and f"{item.name} is a plain class: {reason}"
        if item.name in _HOLDING:
            pending += item.args
    return None


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
