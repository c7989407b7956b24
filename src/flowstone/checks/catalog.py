"""All rules, found by their files. The listing alone tells the codes, so that a cached check imports no rule.

The folder of a file is the scope of its rule: what a finding depends on, besides the configuration.

``near``: on the asset, check or resource in whose file it is, on the assets and resources that this uses directly with
the steps that make them, on classes, and for a resource on what uses it directly; not on jobs. Such a rule is asked
again only about what has changed. ``graph``: on what ``outside.py`` shows of any declaration. Such a rule is asked
again if that has changed. ``elsewhere``: no rule finds it, the front end does while it reads, or a target while it
compiles.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.checks.rule import Rule

Scope = Literal["near", "graph", "elsewhere"]
_PACKAGE = "flowstone.checks.rules"
_FOLDER = Path(__file__).parent / "rules"


@cache
def codes() -> dict[str, str]:
    """The name of every code, sorted by code; files are named ``fs101_duplicate_function.py``."""
    names = {code: module.rpartition(".")[2] for code, module in _modules().items()}
    return {code: name.partition("_")[2].replace("_", "-") for code, name in names.items()}


@cache
def _modules() -> dict[str, str]:
    """Where in the package each rule is, sorted by code: ``near.fs101_duplicate_function``."""
    found = {}
    for scope in get_args(Scope):
        for module in pkgutil.iter_modules([str(_FOLDER / scope)]):
            found[module.name.partition("_")[0].upper()] = f"{scope}.{module.name}"
    return dict(sorted(found.items()))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code."""
    return tuple(map(rule, codes()))


@cache
def rules_of(scope: Scope) -> tuple[Rule, ...]:
    """The rules of a scope, sorted by code; no other is imported."""
    return tuple(rule(code) for code, module in _modules().items() if module.startswith(f"{scope}."))


def rule(code_or_name: str) -> Rule:
    """The rule of a code (``FS202``, in either case) or a name (``cycle``). Errors: UsageError if there is none."""
    code = code_of(code_or_name)
    found: Rule = import_module(f"{_PACKAGE}.{_modules()[code]}").RULE
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
