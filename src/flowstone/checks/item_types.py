"""What can be scattered over, and what its items are, as far as types tell."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.known_types import canonical
from flowstone.checks.subject import Subject
from flowstone.io.frames import FORMS, form_name
from flowstone.ir.asset import Resource
from flowstone.ir.types import UNKNOWN, TypeExpr

_TEXTS = frozenset({"str", "bytes", "bytearray", "memoryview"})
"""They have items as Python sees it, and nobody means them."""
_LISTS = tuple(TypeExpr(name=name) for name in ("Sequence", "Set"))
_LIST = TypeExpr(name="list")


def may_have_items(subject: Subject, member: TypeExpr) -> bool:
    """Whether a value of the type is a list of items, or may be."""
    name = canonical(member.name)
    if name in _TEXTS or name == "Literal" or form_name(member) in FORMS:
        return False
    if not subject.types.supertypes.is_known(member.name):
        return True
    plain = TypeExpr(name=member.name)
    return any(subject.types.fits(plain, kind) for kind in _LISTS) or subject.types.fits(_LIST, plain)


def item_types(subject: Subject, given: TypeExpr) -> Iterator[TypeExpr]:
    """The types of the items of a value, as far as they are known."""
    for member in given.members:
        if may_have_items(subject, member):
            yield from subject.types.supertypes.arguments(member, "Iterable")[:1]


def yielded(resource: Resource) -> TypeExpr | None:
    """The type of what a generator yields, by its annotation."""
    returns = resource.signature.returns
    return None if returns is None or returns.yields is None or returns.yields.name == UNKNOWN else returns.yields
