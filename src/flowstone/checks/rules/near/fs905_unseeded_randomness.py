"""FS905: an asset whose value is random."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.reruns import is_reused
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity

_IDENTIFIERS = ("uuid", "secrets", "token_", "urandom")


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("random", counts=is_reused):
        advice = "give it a seed: random.Random(7), numpy.random.default_rng(7), random_state=7"
        if any(word in fact.what for word in _IDENTIFIERS):
            advice = "derive it from the data: uuid5, or a hash of what identifies the row"
        yield Finding(
            f"the value of {fact.owner!r} is random: {fact.what!r} gets into it",
            fact.location,
            help=f"{advice}; or write cache=False",
            related=((owner.location, "the asset"), *(() if fact.inside is None else ((fact.inside, "here"),))),
        )


RULE = Rule(
    code="FS905",
    name="unseeded-randomness",
    severity=Severity.WARNING,
    summary="A random value without a seed gets into the value of an asset",
    why="A retry, a backfill or another engine makes another value of the same inputs: nobody can tell whether it was "
    "the data that changed.",
    bad="""\
import random

from flowstone import asset


@asset
def customers() -> list[int]:
    return [1, 2, 3, 4, 5]


@asset
def drawn(customers: list[int]) -> list[int]:
    return random.sample(customers, 2)  # <- here
""",
    good="""\
import random

from flowstone import asset


@asset
def customers() -> list[int]:
    return [1, 2, 3, 4, 5]


@asset
def drawn(customers: list[int], seed: int = 7) -> list[int]:
    return random.Random(seed).sample(customers, 2)
""",
    check=check,
)
