"""A rule: what one diagnostic code means, with an example of each kind and, for most, the function that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from flowstone.checks.finding import Finding
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity

Example = str | dict[str, str]
"""The text of one module, or texts by path in the project."""

EXAMPLE_FILE = "pipelines/example.py"
"""Path of an example that is one text."""


class Remedy(Struct, frozen=True):
    """What a fix of a rule's finding does, where the source is written so that it can."""

    what: str
    """A sentence without a full stop, in the third person: ``writes the nearest name``."""
    safe: bool = False

    @property
    def kind(self) -> str:
        """``safe`` or ``unsafe``."""
        return "safe" if self.safe else "unsafe"


class Rule(Struct, frozen=True, kw_only=True):
    """One diagnostic code."""

    code: str
    """``FS`` and three digits; the first one says what it is about."""
    name: str
    """The code in words, in kebab case."""
    summary: str
    """What is wrong, in one sentence."""
    why: str
    """Why it matters: what would happen without the rule."""
    bad: Example
    """A project that has the finding on the line that ends with ``# <- here``."""
    good: Example
    """The same project put right: without any finding."""
    severity: Severity = Severity.ERROR
    check: Callable[[Subject], Iterable[Finding]] | None = None
    """Finds it in a project. None if the front end does while it reads, or a target while it compiles."""
    strict: bool = False
    """Shown only where it is asked for: by ``check --strict``, or by its own code in ``select``."""
    config: str = ""
    """Tables of the examples' ``flowstone.toml``, where it has any beside the sources. The finding may be there."""
    good_config: str = ""
    """The same for the good example, where it differs."""

    fixes: tuple[Remedy, ...] = ()
    """What fixes there are."""
    fixable: Example | None = None
    """A project whose finding is fixed, where the bad example's is not."""

    def files(self, *, bad: bool) -> dict[str, str]:
        """The files of an example by their path in the project, its configuration last."""
        example = self.bad if bad else self.good
        files = {EXAMPLE_FILE: example} if isinstance(example, str) else dict(example)
        config = self.config if bad else self.good_config or self.config.replace("  # <- here", "")
        tables = f"\n{config}" if config else ""
        select = f'select = ["{self.code}"]\n' if self.strict else ""
        return {**files, "flowstone.toml": f'sources = ["pipelines"]\n{select}{tables}'}
