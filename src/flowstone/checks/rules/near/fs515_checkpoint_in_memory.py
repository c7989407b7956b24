"""FS515: a value that has to be approved, and a store that forgets it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        if step.checkpoint is None:
            continue
        for asset in (subject.project.assets[output] for output in step.outputs.values()):
            manager = subject.managers.get(asset.storage.manager)
            if manager is not None and not manager.traits.durable:
                yield Finding(
                    f"{asset.id!r} waits to be approved, and IO manager {asset.storage.manager!r} keeps it in memory",
                    step.keywords["checkpoint"],
                    help="store it with a manager whose values outlive the process, such as one of type filesystem",
                    related=((subject.keyword(asset, "io_manager"), "kept in memory here"),),
                )


RULE = Rule(
    code="FS515",
    name="checkpoint-in-memory",
    summary="A value has to be approved, and its IO manager keeps it in memory",
    why="Nothing waits in a process: what is in memory is gone before anybody could decide.",
    bad="""\
from flowstone import Approval, asset


@asset(
    io_manager="scratch",
    checkpoint=Approval("Publish?"),  # <- here
)
def report() -> str:
    return "fine"
""",
    good="""\
from flowstone import Approval, asset


@asset(checkpoint=Approval("Publish?"))
def report() -> str:
    return "fine"
""",
    check=check,
    config="""\
[io_managers.scratch]
type = "memory"
""",
)
