"""Compile-time judgement of types, shared by the managers: what is not known is never refused."""

from __future__ import annotations

from collections.abc import Callable

from flowstone.ir.types import UNION, TypeExpr

ONCE = frozenset({"Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "Coroutine", "Awaitable", "Callable"})
"""Types whose values cannot be written: they are used up by reading them, or are code."""

_BUILTINS = """
    None str int float bool complex bytes bytearray list dict tuple set frozenset Sequence MutableSequence Collection
    Iterable Mapping MutableMapping Set Literal datetime.datetime datetime.date datetime.time datetime.timedelta
    decimal.Decimal uuid.UUID pathlib.Path
"""

BUILTINS = frozenset(_BUILTINS.split())
"""Types of the standard library of which every manager knows whether it takes them."""

FRAME_PACKAGES = ("polars.", "pandas.", "pyarrow.", "numpy.")


def refusal(type: TypeExpr, judge: Callable[[TypeExpr], str | None], *, loading: bool) -> str | None:
    """Apply a judgement to a type: a union is stored if all its members can be, and loaded if any can."""
    if type.name != UNION:
        return judge(type)
    reasons = [refusal(member, judge, loading=loading) for member in type.args]
    if loading and None in (reason for reason, member in zip(reasons, type.args, strict=True) if member.name != "None"):
        return None
    return next((reason for reason in reasons if reason is not None), None)
