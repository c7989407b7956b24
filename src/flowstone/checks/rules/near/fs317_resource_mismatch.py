"""FS317: a resource that is not what a parameter takes it for."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Resource
from flowstone.ir.types import TypeExpr

_STREAMS = frozenset(
    {"AsyncGenerator", "AsyncIterable", "AsyncIterator", "Generator", "Iterable", "Iterator"},
)


def check(subject: Subject) -> Iterator[Finding]:
    resources = subject.project.resources.items()
    opened = {name: _value(resource) for name, resource in resources if not resource.items}
    for name, signature in subject.signatures():
        for use in signature.resources:
            given = None if use.scattered else opened.get(use.resource)
            if given is not None and use.type is not None and not subject.types.fits(given, use.type):
                yield Finding(
                    f"{name!r} takes the resource {use.resource!r} as {use.type}, but it is {given}",
                    use.location,
                    help=f"annotate the parameter as {given}, or change what the resource gives",
                    related=((subject.project.resources[use.resource].location, f"{use.resource!r} is defined here"),),
                )


def _value(resource: Resource) -> TypeExpr | None:
    """What a resource gives: what it returns, or what it yields."""
    returns = resource.signature.returns
    if returns is None or not resource.function.is_generator:
        return returns
    return returns.args[0] if returns.name in _STREAMS and returns.args else None


RULE = Rule(
    code="FS317",
    name="resource-mismatch",
    summary="What a resource gives does not fit the annotation of a parameter that receives it",
    why="The function would be handed an object of another kind, and fail at the first method that it lacks.",
    bad="""\
from collections.abc import Iterator

from flowstone import asset, resource


@resource
def sizes() -> Iterator[list[int]]:
    yield [1, 2]


@asset
def orders(sizes: dict[str, int]) -> int:  # <- here
    return len(sizes)
""",
    good="""\
from collections.abc import Iterator

from flowstone import asset, resource


@resource
def sizes() -> Iterator[list[int]]:
    yield [1, 2]


@asset
def orders(sizes: list[int]) -> int:
    return len(sizes)
""",
    check=check,
)
