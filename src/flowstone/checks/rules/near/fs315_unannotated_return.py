"""FS315: a check or resource that does not say what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.fixes.signatures import add_return


def check(subject: Subject) -> Iterator[Finding]:
    for item in subject.project.checks:
        if item.signature.returns is None:
            yield Finding(
                f"check {item.name!r} does not say what it returns",
                item.location,
                help="annotate the function -> bool or -> CheckResult",
                fix=add_return(to_span(item.location)),
            )
    for resource in subject.project.resources.values():
        if resource.signature.returns is None:
            example = ", as in -> Iterator[Client], for it yields" if resource.function.is_generator else ""
            yield Finding(
                f"resource {resource.name!r} does not say what it returns",
                resource.location,
                help=f"annotate the function{example}",
                fix=add_return(to_span(resource.location)),
            )


RULE = Rule(
    code="FS315",
    name="unannotated-return",
    summary="A check or a resource has no return annotation",
    why="What it gives cannot be compared with what is wanted of it. For assets that is FS302, which is always shown.",
    severity=Severity.WARNING,
    strict=True,
    bad="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def not_empty(orders: list[int]):  # <- here
    return bool(orders)
""",
    good="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def not_empty(orders: list[int]) -> bool:
    return bool(orders)
""",
    check=check,
    fixes=(Remedy("annotates a function that returns values written out, as in `return True`"),),
)
