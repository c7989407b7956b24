"""``flowstone check --fix``: what is fixed, written or shown as a diff, and told."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from flowstone.cli.rewrite import rewrite
from flowstone.diagnostics.terminal import printable

if TYPE_CHECKING:
    from flowstone.checks.fixing import Outcome
    from flowstone.checks.policy import Policy
    from flowstone.cli.check_cache import CheckResult
    from flowstone.config import Settings
    from flowstone.diagnostics.diagnostic import Diagnostic

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Fixing(Struct, frozen=True):
    """Which findings are to be fixed, and how."""

    policy: Policy
    unsafe: bool
    """Those too whose fix is a guess."""

    def allows(self, item: Diagnostic) -> bool:
        """Whether a finding is shown and has a fix that may be carried out."""
        return item.fix is not None and (item.fix.safe or self.unsafe) and bool(self.policy.apply((item,)))

    def counts(self, item: Diagnostic) -> bool:
        """Whether a finding must not come by a fix: those that nobody asked for do not matter."""
        from flowstone.checks.selection import STRICT

        return item.code not in STRICT or bool(self.policy.apply((item,)))

    def carry_out(self, settings: Settings, found: CheckResult) -> Outcome | None:
        """What fixing comes to, in memory; None if nothing that was found can be fixed."""
        if not any(map(self.allows, found.diagnostics)):
            return None
        from flowstone.checks.fixing import fix_findings

        return fix_findings(settings, self.allows, self.counts)

    def summary(self, outcome: Outcome | None, findings: Sequence[Diagnostic], *, written: bool) -> str:
        """``3 fixed, 2 remaining; 1 more with --unsafe-fixes.``"""
        fixed = 0 if outcome is None else len(outcome.fixed)
        left = self.policy.apply(findings)
        text = (
            f"{fixed} fixed, {len(left)} remaining" if written else f"{fixed} would be fixed, {len(left)} would remain"
        )
        more = 0 if self.unsafe else sum(item.fix is not None and not item.fix.safe for item in left)
        return f"{text}; {more} more with --unsafe-fixes." if more else f"{text}."


def write(settings: Settings, outcome: Outcome) -> None:
    """Write the files that were fixed. Errors: UsageError if one cannot be written."""
    rewrite(settings.root, outcome.before.texts, outcome.changed)


def diff(outcome: Outcome, prefix: str) -> str:
    """What would be written, as a unified diff. ``prefix`` is put before each file's path.

    A terminal is shown no control characters; elsewhere the diff can be applied.
    """
    text = "".join(line for path in outcome.changed for line in _file_diff(outcome, path, prefix))
    return printable(text) if sys.stdout.isatty() else text


def _file_diff(outcome: Outcome, path: str, prefix: str) -> Iterator[str]:
    old, new = _LINE.findall(outcome.before.texts[path]), _LINE.findall(outcome.changed[path])
    for line in difflib.unified_diff(old, new, f"{prefix}{path}", f"{prefix}{path}", n=_context(outcome, path)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _context(outcome: Outcome, path: str) -> int:
    """Lines around a change that are shown: none in a file that holds a secret."""
    from flowstone.diagnostics.render_text import NOT_QUOTED

    secret = any(item.code in NOT_QUOTED and item.span.file == path for item in outcome.before.findings)
    return 0 if secret else 3
