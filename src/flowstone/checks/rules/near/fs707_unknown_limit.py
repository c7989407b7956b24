"""FS707: a limit on how many functions run at once that is not configured."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    known = subject.project.concurrency
    for step in subject.project.steps.values():
        name = step.concurrency
        if name is not None and name not in known:
            place, near = step.keywords.get("concurrency", step.location), nearest(name, known)
            hint = f"say how many may run at once: {name} = 2 in [{subject.table}concurrency]"
            yield Finding(
                f"asset {step.id!r} names the limit {name!r}, which is not configured",
                place,
                help=did_you_mean(name, known) or hint,
                fix=None if near is None else respell(to_span(place), name, near),
            )


RULE = Rule(
    code="FS707",
    name="unknown-limit",
    summary="An asset names a limit on how many run at once that is not configured",
    why="Nothing would hold it back, or it would wait for ever, as Airflow does for a pool that there is not.",
    bad="""\
from flowstone import asset


@asset(concurrency="warehose")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(concurrency="warehouse")
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    config="""\
[concurrency]
warehouse = 2
""",
    fixes=(Remedy("writes the name that is clearly meant"),),
)
