"""What puts an unused ``# flowstone: ignore[...]`` right: the code leaves the comment, the last one takes it along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flowstone.checks.catalog import code_or_word, codes
from flowstone.diagnostics.diagnostic import Edit, Fix
from flowstone.diagnostics.suggest import nearest
from flowstone.patterns import pattern

if TYPE_CHECKING:
    from flowstone.checks.suppress import Ignore

_CODES = pattern(r"\[([^\]]*)\]")


def ignore_fix(ignore: Ignore, text: str) -> Fix:
    """The fix of a comment that hides nothing, or of one code in it."""
    line = text.split("\n")[ignore.span.line - 1]
    brackets = _CODES.search(line, ignore.span.column - 1, ignore.span.end_column - 1)
    if brackets is None:
        return Fix("Remove the comment", (_removal(ignore, line, text),))
    written = [code.strip() for code in brackets[1].split(",") if code.strip()]
    place = replace(ignore.span, column=brackets.start(1) + 1, end_column=brackets.end(1) + 1)
    known = codes()
    meant = None if ignore.code in known else nearest(ignore.code.lower(), known.values())
    if meant is not None:
        kept = [meant if code_or_word(code) == ignore.code else code for code in written]
        return Fix(f"Change '{ignore.code}' to '{meant}'", (Edit(place, ", ".join(kept)),), safe=False)
    kept = [code for code in written if code_or_word(code) != ignore.code]
    if not kept:
        return Fix("Remove the comment", (_removal(ignore, line, text),))
    return Fix(f"Remove {ignore.code} from the comment", (Edit(place, ", ".join(kept)),))


def _removal(ignore: Ignore, line: str, text: str) -> Edit:
    """What removes the mark: with its line if nothing else is in it, and without what others wrote behind it."""
    span = ignore.span
    before, behind = line[: span.column - 1], line[span.end_column - 1 :]
    rest = behind.lstrip()
    if rest:
        hash_sign = "" if rest.startswith("#") or ignore.inside else "# "
        return Edit(replace(span, end_column=len(line) - len(rest) + 1), hash_sign)
    if before.strip() or span.line == text.count("\n") + 1:
        return Edit(replace(span, column=len(before.rstrip()) + 1, end_column=len(line) + 1), "")
    return Edit(replace(span, column=1, end_line=span.line + 1, end_column=1), "")
