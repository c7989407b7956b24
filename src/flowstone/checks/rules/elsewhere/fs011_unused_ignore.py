"""FS011: a comment that hides nothing. Found where comments are applied, in ``checks.suppress``."""

from flowstone.checks.rule import Remedy, Rule
from flowstone.diagnostics.diagnostic import Severity

RULE = Rule(
    code="FS011",
    name="unused-ignore",
    severity=Severity.WARNING,
    summary="A `# flowstone: ignore[...]` comment hides nothing, or names no diagnostic",
    why="Left behind, it would hide the next mistake on that line.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:  # flowstone: ignore[FS302]  # <- here
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset
def orders():  # flowstone: ignore[FS302]
    return [1, 2]
""",
    fixes=(
        Remedy("removes the code from the comment, or the comment", safe=True),
        Remedy("writes the code that is clearly meant"),
    ),
)
