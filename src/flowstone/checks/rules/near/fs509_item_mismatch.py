"""FS509: items of one type, and a parameter for another."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding
from flowstone.checks.item_types import item_types, yielded
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Check, Step
from flowstone.ir.types import TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        given, wanted = edge.producer.type, edge.dependency.type
        if not edge.dependency.scattered or edge.arity != "one" or given is None or wanted is None:
            continue
        batches = _batches(edge.consumer)
        wrong = next((each for each in item_types(subject, given) if not _fits(subject, each, wanted)), None)
        if wrong is not None:
            taken = wanted if batches else wanted.args[0]
            yield _finding(edge, taken, wrong, batches=batches)
    yield from _read(subject)


def _batches(consumer: Step | Check) -> bool:
    return isinstance(consumer, Step) and consumer.scatter is not None and consumer.scatter.batch_size is not None


def _fits(subject: Subject, item: TypeExpr, wanted: TypeExpr) -> bool:
    """Whether a list of the items fits what the parameter receives one after the other, or at once."""
    return subject.types.fits(_list(item), wanted)


def _list(item: TypeExpr) -> TypeExpr:
    return TypeExpr(name="list", args=(item,))


def _finding(edge: Edge, taken: TypeExpr, item: TypeExpr, *, batches: bool) -> Finding:
    wanted = _list(item) if batches else item
    return Finding(
        f"{edge.name!r} takes {'a batch of items' if batches else 'an item'} of {edge.producer.id!r} as {taken}, "
        f"but it is {wanted}",
        edge.location,
        help=f"annotate the parameter as {wanted}, or change what {edge.producer.id!r} returns",
        related=((edge.producer.location, f"{edge.producer.id!r} returns {edge.producer.type}"),),
    )


def _read(subject: Subject) -> Iterator[Finding]:
    """The same of items that a reader yields."""
    for step in subject.project.steps.values():
        for use in step.signature.resources if step.scatter is not None else ():
            reader = subject.project.resources.get(use.resource)
            item = None if reader is None or not use.scattered else yielded(reader)
            if reader is None or item is None or use.type is None:
                continue
            wanted = _list(item) if _batches(step) else item
            if not subject.types.fits(wanted, use.type):
                yield Finding(
                    f"{step.id!r} takes what {use.resource!r} yields as {use.type}, but it is {wanted}",
                    use.location,
                    help=f"annotate the parameter as {wanted}, or change what {use.resource!r} yields",
                    related=((reader.location, f"{use.resource!r} is defined here"),),
                )


RULE = Rule(
    code="FS509",
    name="item-mismatch",
    summary="The items that an asset is scattered over do not fit the annotation of the parameter",
    why="The function would be called with something else than it says, for every item.",
    bad="""\
from flowstone import Scatter, asset


@asset
def urls() -> list[str]:
    return ["https://example.org/a", "https://example.org/b"]


@asset(scatter=Scatter(over="urls", as_="url"))
def sizes(url: bytes) -> int:  # <- here
    return len(url)
""",
    good="""\
from flowstone import Scatter, asset


@asset
def urls() -> list[str]:
    return ["https://example.org/a", "https://example.org/b"]


@asset(scatter=Scatter(over="urls", as_="url"))
def sizes(url: str) -> int:
    return len(url)
""",
    check=check,
)
