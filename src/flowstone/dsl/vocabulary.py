"""The words of the language: read by the decorators and by the front end, so that there is one list.

A declaration's keywords are a ``TypedDict``; its annotations say what each keyword accepts. Values of FlowStone's own
types validate themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from flowstone.dsl.approval import Approval
from flowstone.dsl.dependency import Dep, Output
from flowstone.dsl.duration import Duration
from flowstone.dsl.partitions import Partitions
from flowstone.dsl.policies import Retry
from flowstone.dsl.scatter import Scatter
from flowstone.dsl.schedule import Schedule
from flowstone.dsl.signals import SignalGate


class _StepKeywords(TypedDict, total=False):
    """Keywords of everything that makes something stored."""

    name: str
    """Name of the asset; default: the function's."""
    namespace: str
    """Prefix that keeps names of several teams apart; the id is then ``namespace.name``."""
    description: str
    """Default: the docstring."""
    group: str
    tags: Sequence[str] | Mapping[str, str]
    owners: Sequence[str]
    depends_on: Sequence[str | Dep]
    """Further dependencies. One that is no parameter hands over no value."""
    optional_deps: Sequence[str]
    """Names of dependencies whose value may be missing."""
    partitioned_by: Partitions
    io_manager: str
    bucket: str
    path: str
    table: str
    schema: str
    format: str
    io: Mapping[str, Any]
    """Further options of the IO manager."""
    requires: Sequence[str]
    """Resources that must be open while the function runs although it takes none of them as a parameter."""
    retries: int | Retry
    timeout: Duration
    concurrency: str
    """Name of a limit in the configuration: no more functions that name it run at once than it says."""
    schedule: Schedule
    routed_from: str
    """Name of a route: what the function makes is made only where the route chooses its name."""
    cache: bool
    """False: never reuse a stored value. Default True."""
    meta: Mapping[str, Any]
    """Free JSON values."""
    airflow: Mapping[str, Any]
    prefect: Mapping[str, Any]
    local: Mapping[str, Any]


class UngatedKeywords(_StepKeywords, total=False):
    """Keywords of ``@asset`` but for that which gives its function further decorators."""

    outputs: Mapping[str, Output]
    """Several assets made by one function, which returns a mapping or a tuple in this order."""
    scatter: Scatter
    """The function runs once for each item of an upstream value; the asset is the list of what it returns."""
    checkpoint: Approval
    """The value is published once somebody approved it."""


class AssetKeywords(UngatedKeywords, total=False):
    """Keywords of ``@asset``."""

    signal_gate: SignalGate
    """The function asks somebody outside, and ``@NAME.on_signal`` makes the value of the answer."""


class RouteKeywords(_StepKeywords, total=False):
    """Keywords of ``@route``."""

    choices: Sequence[str]
    """Names of the assets that the route chooses from; each of them says ``routed_from=``."""
    default: str
    """The choice where the function returns None."""


class JoinKeywords(_StepKeywords, total=False):
    """Keywords of ``@join``."""

    branches: Mapping[str, str]
    """Names of assets by the parameter that receives each."""
    on_failure: Literal["fail", "partial"]
    """``partial``: the parameter of a branch that failed receives a ``Failure``. Default ``fail``: nothing is made."""


class ResourceKeywords(TypedDict, total=False):
    """Keywords of ``@resource``."""

    name: str
    description: str


class CheckKeywords(TypedDict, total=False):
    """Keywords of ``@check``."""

    asset: str
    name: str
    description: str
    blocking: bool
    """A failed blocking check keeps the value from being published. Default False."""


class SensorKeywords(TypedDict, total=False):
    """Keywords of ``@sensor``."""

    job: str
    """Name of the job that it starts runs of."""
    every: Duration
    """How long after a look the next one follows; at least one second."""
    timeout: Duration
    """A look that takes longer is stopped. Default: one minute."""
    name: str
    description: str


STORAGE_KEYWORDS = ("bucket", "path", "table", "schema", "format")
"""Keywords of ``@asset`` and ``Output`` that are options of the IO manager, as are those in ``io``."""

PUBLIC_NAMES = {
    "AllPartitions": "flowstone.dsl.mappings",
    "Approval": "flowstone.dsl.approval",
    "ByDimension": "flowstone.dsl.mappings",
    "CheckResult": "flowstone.dsl.check_result",
    "Context": "flowstone.dsl.context",
    "Cron": "flowstone.dsl.schedule",
    "CronPartitions": "flowstone.dsl.partitions",
    "DailyPartitions": "flowstone.dsl.partitions",
    "Dep": "flowstone.dsl.dependency",
    "DynamicPartitions": "flowstone.dsl.partitions",
    "Every": "flowstone.dsl.schedule",
    "Failure": "flowstone.dsl.failure",
    "HourlyPartitions": "flowstone.dsl.partitions",
    "Job": "flowstone.dsl.job",
    "Last": "flowstone.dsl.mappings",
    "MonthlyPartitions": "flowstone.dsl.partitions",
    "MultiPartitions": "flowstone.dsl.partitions",
    "Offset": "flowstone.dsl.mappings",
    "OnUpdate": "flowstone.dsl.schedule",
    "Only": "flowstone.dsl.mappings",
    "Output": "flowstone.dsl.dependency",
    "PartitionKey": "flowstone.dsl.partitions",
    "Retry": "flowstone.dsl.policies",
    "RunRequest": "flowstone.dsl.sensing",
    "Scatter": "flowstone.dsl.scatter",
    "SensorResult": "flowstone.dsl.sensing",
    "Signal": "flowstone.dsl.signals",
    "SignalGate": "flowstone.dsl.signals",
    "StaticPartitions": "flowstone.dsl.partitions",
    "WeeklyPartitions": "flowstone.dsl.partitions",
    "asset": "flowstone.dsl.decorators",
    "check": "flowstone.dsl.decorators",
    "item_reader": "flowstone.dsl.decorators",
    "join": "flowstone.dsl.decorators",
    "resource": "flowstone.dsl.decorators",
    "route": "flowstone.dsl.decorators",
    "sensor": "flowstone.dsl.decorators",
}
"""What ``from flowstone import ...`` offers, and where it is defined."""

ELSEWHERE = {
    "dependencies": "depends_on",
    "deps": "depends_on",
    "group_name": "group",
    "io_manager_key": "io_manager",
    "key_prefix": "namespace",
    "job_name": "job",
    "metadata": "meta",
    "minimum_interval_seconds": "every",
    "partitions_def": "partitioned_by",
    "required_resource_keys": "requires",
    "retry": "retries",
    "retry_policy": "retries",
    "selection": "select",
    "time_zone": "timezone",
    "tz": "timezone",
}
"""Words of other tools, and what they are called here."""
