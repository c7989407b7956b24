"""FS303: a value that is promised and never made."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.io.frames import yields_batches

_RETURN = "return it: only a @resource yields, and an asset that is annotated Iterator[pyarrow.RecordBatch]"


def check(subject: Subject) -> Iterator[Finding]:
    yield from _generators(subject)
    for edge in subject.edges:
        given = edge.producer.type
        if given is None or given.name != "None" or edge.dependency.parameter is None or edge.dependency.scattered:
            continue
        yield Finding(
            f"{edge.name!r} reads {edge.producer.id!r}, which returns nothing",
            edge.location,
            help=f"return the value in {edge.producer.id!r} and annotate it, "
            f"or only wait for it: depends_on=[{edge.producer.id!r}]",
            related=((edge.producer.location, f"{edge.producer.id!r} is annotated -> None"),),
        )


def _generators(subject: Subject) -> Iterator[Finding]:
    """Of an asset or a check a generator would arrive, and nothing in it would run, unless it yields record batches."""
    for step in subject.project.steps.values():
        if step.function.is_generator and (step.scatter is not None or not yields_batches(step)):
            yield Finding(f"{step.id!r} yields and returns no value", step.location, help=_RETURN)
        for word, handler in step.gate.handlers.items() if step.gate is not None else ():
            if handler.function.is_generator:
                yield Finding(f"{word} of {step.id!r} yields and returns no value", handler.location, help=_RETURN)
    for item in subject.project.checks:
        if item.function.is_generator:
            yield Finding(f"check {item.name!r} yields and returns no outcome", item.location, help=_RETURN)


RULE = Rule(
    code="FS303",
    name="returns-nothing",
    summary="A parameter receives an asset whose function returns None, or a function yields instead of returning",
    why="The parameter would always be None; and a generator function of an asset would not even run, unless it "
    "yields the record batches of a table.",
    bad="""\
from flowstone import asset


@asset
def orders() -> None:
    print("made")


@asset
def report(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import asset


@asset
def orders() -> None:
    print("made")


@asset(depends_on=["orders"])
def report() -> int:
    return 0
""",
    check=check,
)
