"""Whom it concerns if a second run differs from the first."""

from __future__ import annotations

from flowstone.checks.subject import Doer
from flowstone.ir.asset import Step
from flowstone.ir.types import UNKNOWN, TypeExpr

_FILES = frozenset({"Path", "PosixPath", "PurePath", "UPath"})


def is_reused(owner: Doer) -> bool:
    """Whether an asset's value is kept and taken for what a second run would make. Not with ``cache=False``."""
    return isinstance(owner, Step) and owner.cache


def leaves_writing(owner: Doer) -> bool:
    """Whether an asset leaves it to its IO manager to write. One without a value does not, nor one that makes files."""
    returns = owner.signature.returns
    if not isinstance(owner, Step) or returns is None or returns.name == "None":
        return False
    return not any(name == UNKNOWN or name.rpartition(".")[2] in _FILES for name in _names(returns))


def _names(type: TypeExpr) -> list[str]:
    return [type.name, *(name for argument in type.args for name in _names(argument))]
