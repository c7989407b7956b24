"""FS411: an IO manager that cannot keep the keys of dynamic partitions."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.io.contract import IOManager
from flowstone.ir.registries import users_of
from flowstone.ir.types import TypeExpr

_KEY = TypeExpr(name="dict", args=(TypeExpr(name="str"), TypeExpr(name="str")))


def check(subject: Subject) -> Iterator[Finding]:
    name = subject.project.partitions_io_manager
    manager = subject.managers.get(name) if name is not None else None
    reason = None if manager is None else _reason(manager)
    if reason is None:
        return
    for registry in subject.project.registries:
        step = users_of(subject.project, registry)[0]
        yield Finding(
            f"the keys of {registry!r} are to be kept by IO manager {name!r}, {reason}",
            step.keywords.get("partitioned_by", step.location),
            help="name another by partitions_io_manager, such as one of type filesystem",
        )


def _reason(manager: type[IOManager]) -> str | None:
    if not manager.traits.durable:
        return "which forgets them when the process ends"
    try:
        options = manager.AssetOptions()
    except ValidationError:
        return "which needs options for each thing that it stores"
    refusal = manager.refuses(_KEY, options, loading=False)
    return None if refusal is None else f"which cannot: {refusal}"


RULE = Rule(
    code="FS411",
    name="keys-not-kept",
    summary="The IO manager that is to keep the keys of dynamic partitions cannot",
    why="Keys lie in a store, where all engines read them: as small JSON values, by default where assets lie that name "
    "no IO manager. A key that is forgotten, or never stored, is no partition.",
    bad="""\
from flowstone import DynamicPartitions, asset


@asset(partitioned_by=DynamicPartitions("customers"))  # <- here
def orders() -> int:
    return 1
""",
    good="""\
from flowstone import DynamicPartitions, asset


@asset(partitioned_by=DynamicPartitions("customers"))
def orders() -> int:
    return 1
""",
    check=check,
    config="""\
partitions_io_manager = "scratch"

[io_managers.scratch]
type = "memory"
""",
    good_config="""\
partitions_io_manager = "local"

[io_managers.scratch]
type = "memory"
""",
)
