"""FS318: a value on the disk of one machine that another machine reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.asset import Step
from flowstone.ir.node import Json
from flowstone.ir.registries import registries_of

_OWN_MACHINE = ("kubernetes", "ecs", "batch", "fargate")
"""Parts of the names of executors that give each task a machine of its own."""


def check(subject: Subject) -> Iterator[Finding]:
    steps = subject.project.steps
    placed = {name: step.engine_options["airflow"] for name, step in steps.items() if "airflow" in step.engine_options}
    if not placed:
        return
    yield from _keys(subject, placed)
    for edge in subject.edges:
        if not isinstance(edge.consumer, Step) or edge.producer.step == edge.consumer.id:
            continue
        reason = _apart(placed.get(edge.producer.step, {}), placed.get(edge.consumer.id, {}))
        if reason is not None and _is_on_own_disk(subject, edge.producer.storage.manager):
            yield Finding(
                f"{edge.name!r} needs {edge.producer.id!r} on another machine ({reason}), but IO manager "
                f"{edge.producer.storage.manager!r} keeps it in a folder of the one that made it",
                edge.location,
                help="store it where all workers reach it, or give the IO manager an absolute root= on a shared disk",
                related=((subject.keyword(edge.producer, "io_manager"), "kept on a disk here"),),
            )


def _keys(subject: Subject, placed: Mapping[str, Mapping[str, Json]]) -> Iterator[Finding]:
    """Keys of registries, which are told on one machine and looked up on another."""
    name = subject.project.partitions_io_manager
    if name is None or not _is_on_own_disk(subject, name):
        return
    for step in map(subject.project.steps.__getitem__, placed):
        registries, reason = registries_of(step.partitions), _apart({}, placed[step.id])
        if registries and reason is not None:
            yield Finding(
                f"{step.id!r} needs the keys of {registries[0]!r} on another machine ({reason}), but IO manager "
                f"{name!r} keeps them in a folder of the one that added them",
                step.keywords.get("partitioned_by", step.location),
                help="name an IO manager by partitions_io_manager that all workers reach",
            )


def _apart(producer: Mapping[str, Json], consumer: Mapping[str, Json]) -> str | None:
    """Why two tasks of Airflow run on different machines; None if that is not known."""
    for executor in (consumer.get("executor"), producer.get("executor")):
        if isinstance(executor, str) and any(word in executor.casefold() for word in _OWN_MACHINE):
            return f"executor {executor}"
    theirs, ours = producer.get("queue"), consumer.get("queue")
    if theirs == ours or not all(isinstance(queue, str | None) for queue in (theirs, ours)):
        return None
    return f"queue {ours or 'default'}, not {theirs or 'default'}"


def _is_on_own_disk(subject: Subject, name: str) -> bool:
    manager = subject.managers.get(name)
    options = subject.project.io_managers[name].options if manager is not None else {}
    return manager is not None and manager.traits.durable and manager.is_shared(options) is False


RULE = Rule(
    code="FS318",
    name="local-disk-on-other-machine",
    summary="A task that Airflow puts on another machine reads a value from a relative folder",
    why="Each worker has its own disk: what one has stored is not there on the other, and the task fails as if the "
    "asset had never been made. A folder with an absolute path may be a disk that all of them share.",
    severity=Severity.WARNING,
    bad="""\
from flowstone import asset


@asset
def samples() -> list[int]:
    return [1, 2]


@asset(airflow={"queue": "gpu"})
def model(samples: list[int]) -> int:  # <- here
    return sum(samples)
""",
    good="""\
from flowstone import asset


@asset(airflow={"queue": "gpu"})
def samples() -> list[int]:
    return [1, 2]


@asset(airflow={"queue": "gpu"})
def model(samples: list[int]) -> int:
    return sum(samples)
""",
    check=check,
)
