"""All rules, found by their files. The listing alone tells the codes, so that a cached check imports no rule."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.checks.rule import Rule

_PACKAGE = "flowstone.checks.rules"
_FOLDER = Path(__file__).parent / "rules"


@cache
def codes() -> dict[str, str]:
    """The name of every code, sorted by code; files are named ``fs101_duplicate_function.py``."""
    found = {}
    for module in pkgutil.iter_modules([str(_FOLDER)]):
        code, _, name = module.name.partition("_")
        found[code.upper()] = name.replace("_", "-")
    return dict(sorted(found.items()))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code."""
    return tuple(rule(code) for code in codes())


def rule(code_or_name: str) -> Rule:
    """The rule of a code (``FS202``, in either case) or a name (``cycle``). Errors: UsageError if there is none."""
    code = code_of(code_or_name)
    module = f"{_PACKAGE}.{code.lower()}_{codes()[code].replace('-', '_')}"
    found: Rule = import_module(module).RULE
    return found


def code_of(code_or_name: str) -> str:
    """The code that a code or a name means. Errors: UsageError, with the nearest ones, if there is none."""
    known = codes()
    if code_or_name.upper() in known:
        return code_or_name.upper()
    by_name = {name: code for code, name in known.items()}
    if code_or_name.lower() in by_name:
        return by_name[code_or_name.lower()]
    hint = did_you_mean(code_or_name.upper(), known) or did_you_mean(code_or_name.lower(), by_name)
    raise UsageError(f"there is no diagnostic {code_or_name!r}", help=hint or "flowstone explain --all lists them")


def code_or_word(word: str) -> str:
    """The code that a word means, which may be a name. What means none stays as it is."""
    by_name = {name: code for code, name in codes().items()}
    return by_name.get(word.lower()) or (word.upper() if word.upper() in codes() else word)
