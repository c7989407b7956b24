"""What the code of functions and modules does that a rule may ask about. Only ``check`` reads it."""

from __future__ import annotations

from typing import Literal

from flowstone.ir.node import Location, Node

FactKind = Literal["ends", "returns nothing", "ends before yield", "returns before yield"]
"""``ends``: a function can run to its end; ``returns nothing``: it has a ``return`` without a value."""
Owner = Literal["asset", "check", "resource"]


class BodyFact(Node):
    """One such thing, at its place."""

    kind: FactKind
    owner_kind: Owner
    owner: str
    """Id of the step, or name of the check or resource."""
    location: Location
