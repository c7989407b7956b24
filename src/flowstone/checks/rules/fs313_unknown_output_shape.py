"""FS313: several outputs, and an annotation that does not tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.compatibility import canonical
from flowstone.checks.finding import Finding
from flowstone.checks.known_types import BASES, MAPPINGS
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Step
from flowstone.ir.types import TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        returns = step.signature.returns
        if len(step.outputs) > 1 and returns is not None and (reason := _reason(step, returns)) is not None:
            types = ", ".join(["..."] * len(step.outputs))
            yield Finding(
                f"{step.id!r} makes {len(step.outputs)} assets ({', '.join(step.outputs)}), but {reason}",
                step.location,
                help=f"return a tuple in this order, annotated tuple[{types}], or a dict with these keys",
            )


def _reason(step: Step, returns: TypeExpr) -> str | None:
    name = canonical(returns.name)
    if name == "tuple":
        open_ended = any(argument.name in ("...", "Ellipsis") for argument in returns.args)
        if not returns.args or open_ended or len(returns.args) == len(step.outputs):
            return None
        return f"its annotation is a tuple of {len(returns.args)}"
    if name in MAPPINGS or name not in BASES:
        return None
    return f"its annotation is {returns}"


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
    scope="near",
    check=check,
)
