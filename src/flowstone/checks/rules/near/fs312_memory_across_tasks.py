"""FS312: a value in the memory of one task that another task reads."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.policy import ENGINES
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    targets = [target for target in ENGINES if target in subject.configured_targets]
    if not targets:
        return
    for edge in subject.edges:
        manager = subject.managers.get(edge.producer.storage.manager)
        same_task = not isinstance(edge.consumer, Step) or edge.producer.step == edge.consumer.id
        if manager is None or manager.traits.durable or same_task:
            continue  # a dependency that only orders counts too: that it is made is told by its record
        yield Finding(
            f"{edge.name!r} needs {edge.producer.id!r} in another task, but IO manager "
            f"{edge.producer.storage.manager!r} keeps it in the memory of the task that made it ({', '.join(targets)})",
            edge.location,
            help="store it with a manager whose values outlive the process, such as one of type filesystem",
            related=((subject.keyword(edge.producer, "io_manager"), "kept in memory here"),),
            severity=Severity.WARNING,  # the local runner can; compiling for the target is refused by the target
        )


RULE = Rule(
    code="FS312",
    name="memory-across-tasks",
    summary="An asset is kept in memory, and a task of an engine reads it in another process",
    why="On Airflow and Prefect every step is a task, and a task cannot see another's memory. `check` warns if such a "
    "target is configured; compiling for it is refused.",
    bad="""\
from flowstone import asset


@asset(io_manager="scratch")
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders: list[int]) -> int:
    return sum(orders)
""",
    check=check,
    config="""\
[io_managers.scratch]
type = "memory"

[airflow]
output = "build/airflow"
""",
)
