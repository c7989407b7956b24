"""Judgement of types, shared by the managers: what is not known is never refused."""

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
"""Types of the standard library that have a form of their own."""

_NO_JSON = """
    complex bytearray memoryview range fractions.Fraction collections.deque collections.OrderedDict
    collections.defaultdict collections.Counter collections.ChainMap
"""

NO_JSON = frozenset(_NO_JSON.split())
"""Types of the standard library whose values are not written as JSON: they would come back as others."""

KNOWN = BUILTINS | ONCE | NO_JSON
"""Types of which every manager knows whether it takes them."""

NO_OBJECTS = "only dataclasses, pydantic models, named tuples and enums have a JSON form"
"""Why objects of other classes cannot be written as JSON."""

_PLAIN = """
    ? | None Literal object str int float bool bytes list dict tuple set frozenset Sequence MutableSequence Collection
    Iterable Iterator Mapping MutableMapping Set MutableSet Sized Hashable Container Reversible datetime.datetime
    datetime.date datetime.time datetime.timedelta decimal.Decimal uuid.UUID
"""

PLAIN = frozenset(_PLAIN.split())
"""Types that come back from JSON by themselves; nothing is imported or converted for them."""

FRAME_PACKAGES = ("polars.", "pandas.", "pyarrow.", "numpy.", "duckdb.")


def is_plain(type: TypeExpr) -> bool:
    """Whether a value of the type comes back from JSON by itself."""
    return type.name in PLAIN and all(map(is_plain, type.args))


def refusal(type: TypeExpr, judge: Callable[[TypeExpr], str | None], *, loading: bool) -> str | None:
    """Apply a judgement to a type: a union is stored if all its members can be, and loaded if any can."""
    if type.name != UNION:
        return judge(type)
    reasons = [refusal(member, judge, loading=loading) for member in type.args]
    if loading and None in (reason for reason, member in zip(reasons, type.args, strict=True) if member.name != "None"):
        return None
    return next((reason for reason in reasons if reason is not None), None)


def json_refusal(type: TypeExpr, *, loading: bool, file: bool) -> str | None:
    """Why a value of the type has no JSON form; None if it has one, or if that is not known.

    ``file`` tells that a ``Path`` is stored in another way, as a file, unless it is inside of another value.
    """
    if type.name.startswith(FRAME_PACKAGES) or (
        type.yields is not None and type.yields.name.startswith(FRAME_PACKAGES)
    ):
        return f"{type} has no JSON form; use an IO manager of type parquet for data frames"
    if type.name in ONCE and not loading:
        return f"{type.name} cannot be stored; return a list or another finished value"
    if type.name in ("complex", "bytearray") or (type.name in NO_JSON and not loading):
        return f"{type.name} has no JSON form"
    if type.name == "pathlib.Path" and not file:
        return "a Path is stored as a file of its own; it has no JSON form"
    for arg in type.args:
        reason = json_refusal(arg, loading=loading, file=False)
        if reason is not None:
            return reason
    return None
