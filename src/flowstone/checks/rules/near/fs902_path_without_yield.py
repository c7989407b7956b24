"""FS902: a way through a resource that does not come to its yield."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject

_WAYS = {"ends before yield": "can end here", "returns before yield": "returns here"}


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("ends before yield", "returns before yield"):
        yield Finding(
            f"resource {fact.owner!r} {_WAYS[fact.kind]} before it yields",
            fact.location,
            help="yield exactly once on every path, or raise an exception",
            related=((owner.location, "the resource"),),
        )


RULE = Rule(
    code="FS902",
    name="path-without-yield",
    summary="A resource that yields what it opens has a way through it that yields nothing",
    why="The resource could not be opened then, and what needs it would fail when it runs.",
    bad="""\
from collections.abc import Iterator

from flowstone import resource


@resource
def connection(url: str = "") -> Iterator[str]:
    if not url:
        return  # <- here
    yield f"connected to {url}"
""",
    good="""\
from collections.abc import Iterator

from flowstone import resource


@resource
def connection(url: str = "") -> Iterator[str]:
    if not url:
        raise ValueError("configure the url of the resource 'connection'")
    yield f"connected to {url}"
""",
    check=check,
)
