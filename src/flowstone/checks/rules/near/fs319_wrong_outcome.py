"""FS319: a check that does not judge."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.known_types import canonical, has_unknown_methods
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.types import TypeExpr

_BOOL = TypeExpr(name="bool")
_NONE = TypeExpr(name="None")


def check(subject: Subject) -> Iterator[Finding]:
    for item in subject.project.checks:
        returns = item.signature.returns
        wrong = [] if returns is None else [member for member in returns.members if not _may_judge(subject, member)]
        if wrong and returns != _NONE and not item.function.is_generator:  # no value at all is told elsewhere
            yield Finding(
                f"check {item.name!r} returns {returns}, and a check returns a bool or a CheckResult",
                item.location,
                help="return whether the value is fine; figures go into CheckResult(passed, metadata={...})",
            )


def _may_judge(subject: Subject, type: TypeExpr) -> bool:
    """Whether it is a bool or a ``CheckResult``, or may be; so may be a bool of numpy."""
    name = canonical(type.name)
    if subject.types.fits(type, _BOOL) or name == "object" or has_unknown_methods(name):
        return True
    return name != "Literal" and not subject.types.supertypes.is_known(name)


RULE = Rule(
    code="FS319",
    name="wrong-outcome",
    summary="A check is annotated to return something else than a bool or a `CheckResult`",
    why="Whether the value is fine cannot be told from it. The run would fail, whatever the value is.",
    bad="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def duplicates(orders: list[int]) -> int:  # <- here
    return len(orders) - len(set(orders))
""",
    good="""\
from flowstone import CheckResult, asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def duplicates(orders: list[int]) -> CheckResult:
    found = len(orders) - len(set(orders))
    return CheckResult(found == 0, metadata={"duplicates": found})
""",
    check=check,
)
