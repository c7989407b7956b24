"""Running the checks of an asset on a value that is not published yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowstone.dsl.check_result import CheckResult
from flowstone.errors import CheckFailedError, OutputError
from flowstone.io.contract import IOManager
from flowstone.io.frames import FORMS, READER, form_name, form_of, from_table, to_table
from flowstone.io.record import CheckOutcome
from flowstone.ir.asset import Check
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.runtime.metadata import json_values


def judge(check: Check, returned: Any) -> CheckOutcome:
    """The outcome of a check from what its function returned. Errors: OutputError if that is no judgement."""
    metadata: Mapping[str, Json] = {}
    if isinstance(returned, CheckResult):
        metadata = json_values(returned.metadata, f"check {check.name}")
        returned = returned.passed
    item = getattr(returned, "item", None)
    if not isinstance(returned, bool) and callable(item):
        returned = item()  # numpy's bool
    if not isinstance(returned, bool):
        raise OutputError(
            f"check {check.name} of {check.asset} returned {type(returned).__name__}",
            help="a check returns a bool or a CheckResult",
        )
    return CheckOutcome(name=check.name, passed=returned, blocking=check.blocking, metadata=dict(metadata))


def as_annotated(value: Any, wanted: TypeExpr | None, manager: IOManager) -> Any:
    """The value as a check annotates it: a frame in another form of the family that the asset's manager converts."""
    if wanted is None:
        return value
    name = form_name(wanted)
    if name not in FORMS or not any(name in family for family in manager.traits.families):
        return value
    return value if form_of(value) == name and name != READER else from_table(to_table(value)[0], name)


def demand_passed(asset: str, partition: str | None, outcomes: Sequence[CheckOutcome]) -> None:
    """Errors: CheckFailedError if a blocking check failed."""
    failed = [outcome for outcome in outcomes if outcome.blocking and not outcome.passed]
    if failed:
        which = asset if partition is None else f"{asset}, partition {partition}"
        names = ", ".join(
            f"{outcome.name} ({outcome.metadata})" if outcome.metadata else outcome.name for outcome in failed
        )
        plural = "checks" if len(failed) > 1 else "check"
        raise CheckFailedError(
            f"{which}: blocking {plural} {names} failed, so the value was not published",
            help="what was stored before is unchanged",
        )
