"""FS313: several outputs, and an annotation that does not tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.supertypes import ELLIPSIS
from flowstone.ir.asset import Step
from flowstone.ir.types import TypeExpr

_TUPLE = TypeExpr(name="tuple")
_DICT = TypeExpr(name="dict")
_MAPPING = TypeExpr(name="Mapping")


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        returns = step.signature.returns
        if len(step.outputs) > 1 and returns is not None and (reason := _reason(subject, step, returns)) is not None:
            types = ", ".join(["..."] * len(step.outputs))
            yield Finding(
                f"{step.id!r} makes {len(step.outputs)} assets ({', '.join(step.outputs)}), but {reason}",
                step.location,
                help=f"return a tuple in this order, annotated tuple[{types}], or a dict with these keys",
            )


def _reason(subject: Subject, step: Step, returns: TypeExpr) -> str | None:
    supertypes = subject.types.supertypes
    if subject.types.fits(returns, _TUPLE):
        return _wrong_length(supertypes.arguments(returns, "tuple"), len(step.outputs))
    if subject.types.fits(returns, _MAPPING):
        return _wrong_keys(set(supertypes.fields(returns.name)), set(step.outputs))
    if any(subject.types.fits(shape, member) for shape in (_TUPLE, _DICT) for member in returns.members):
        return None  # it may be a tuple or a dict
    return f"its annotation is {returns}"


def _wrong_length(items: tuple[TypeExpr, ...], outputs: int) -> str | None:
    if not items or items[-1].name == ELLIPSIS or len(items) == outputs:
        return None
    return f"its annotation is a tuple of {len(items)}"


def _wrong_keys(fields: set[str], outputs: set[str]) -> str | None:
    """``fields`` is empty unless the annotation is a ``TypedDict``."""
    if not fields or fields == outputs:
        return None
    if fields - outputs:
        return f"its annotation has the keys {', '.join(sorted(fields))}"
    return f"its annotation has no key {', '.join(sorted(outputs - fields))}"


RULE = Rule(
    code="FS313",
    name="unknown-output-shape",
    summary="A function with several outputs is annotated to return something else than a tuple or mapping of them",
    why="Which part of the value belongs to which asset cannot be told.",
    bad="""\
from flowstone import Output, asset


@asset(outputs={"train": Output(), "test": Output()})
def split() -> tuple[list[int], list[int], list[int]]:  # <- here
    return [1, 2], [3], []
""",
    good="""\
from flowstone import Output, asset


@asset(outputs={"train": Output(), "test": Output()})
def split() -> tuple[list[int], list[int]]:
    return [1, 2], [3]
""",
    check=check,
)
