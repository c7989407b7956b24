"""The source of generated DAG files: variables and imports."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from flowstone.targets.literals import WIDTH, Call, Ref

MAX_NAME = 40
"""Characters of a variable's name, so that lines stay short."""

_SDK = frozenset(
    {
        "AllowedKeyMapper",
        "Asset",
        "AssetAll",
        "AssetAny",
        "CronPartitionTimetable",
        "CronTriggerTimetable",
        "DAG",
        "DayWindow",
        "DeltaTriggerTimetable",
        "FixedKeyMapper",
        "MonthWindow",
        "Param",
        "PartitionedAssetTimetable",
        "PartitionedAtRuntime",
        "RollupMapper",
        "SegmentWindow",
        "StartOfDayMapper",
        "StartOfMonthMapper",
        "StartOfWeekMapper",
        "WeekWindow",
    }
)
"""What generated files may import from ``airflow.sdk``."""
_OPERATORS = frozenset({"AssetOperator", "AwaitAssets", "FailedBranches", "TellDimension", "TellKeys"})


_WAITING = {
    "ApprovedAssetOperator": "flowstone.runtime.airflow_approval",
    "SensorOperator": "flowstone.runtime.airflow_sensor",
    "SignalledAssetOperator": "flowstone.runtime.airflow_signal",
}
"""Operators that few files need, with their modules."""


class Names:
    """The variables of a generated file; each thing has one of its own."""

    def __init__(self) -> None:
        self._taken = {*_SDK, *_OPERATORS, *_WAITING, "pendulum", "timedelta", *dir(builtins)}
        self._found: dict[tuple[str, str], Ref] = {}

    def asset(self, asset: str) -> Ref:
        """The constant of an asset."""
        return self._name("asset", asset, asset.upper())

    def task(self, step: str) -> Ref:
        """The variable of a task."""
        return self._name("task", step, step)

    def _name(self, kind: str, id: str, wish: str) -> Ref:
        if (kind, id) not in self._found:
            base = name = re.sub(r"\W", "_", wish, flags=re.ASCII)[:MAX_NAME]
            count = 1
            while name in self._taken or keyword.iskeyword(name) or keyword.issoftkeyword(name):
                count += 1
                name = f"{base}_{count}"
            self._taken.add(name)
            self._found[kind, id] = Ref(name)
        return self._found[kind, id]


def functions(values: Iterable[Any]) -> set[str]:
    """Names of everything that is called within the values."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Call):
            found |= {value.function, *functions(value.args), *functions(value.kwargs.values())}
        elif isinstance(value, Mapping):
            found |= functions(value.values())
        elif isinstance(value, list | tuple):
            found |= functions(value)
        elif isinstance(value, timedelta):
            found.add("timedelta")
    return found


def imports(used: set[str]) -> list[str]:
    """The import lines of a file that calls these functions."""
    lines = ["from datetime import timedelta", ""] if "timedelta" in used else []
    lines.append("import pendulum")
    names = sorted(used & _SDK, key=lambda name: (not name.isupper(), name))
    flat = f"from airflow.sdk import {', '.join(names)}"
    if len(flat) <= WIDTH:
        lines.append(flat)
    else:
        lines += ["from airflow.sdk import (", *(f"    {name}," for name in names), ")"]
    if operators := sorted(used & _OPERATORS):
        lines.append(f"from flowstone.runtime.airflow import {', '.join(operators)}")
    lines += [f"from {module} import {name}" for name, module in _WAITING.items() if name in used]
    return lines
