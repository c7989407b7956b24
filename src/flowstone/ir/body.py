"""What the code of functions and modules does that a rule may ask about. Only ``check`` reads it."""

from __future__ import annotations

from typing import Literal

from flowstone.dsl.signals import HandlerWord
from flowstone.ir.node import Location, Node

FactKind = Literal[
    "ends",
    "returns nothing",
    "ends before yield",
    "returns before yield",
    "chooses",
    "runs on import",
    "clock",
    "random",
    "writes",
    "changes",
    "adds partitions",
    "asks dimension",
    "reads partition",
    "secret",
    "likely secret",
    "requests",
]
"""``ends``: a function can run to its end; ``returns nothing``: it has a ``return`` without a value;
``chooses``: a route may return this text; ``runs on
import``: the import of a module does more than to define things; ``clock``, ``random``: that gets into the value of an
asset; ``writes``: it writes or removes a file; ``changes``: it changes what its module holds;
``adds partitions``: it adds keys to a registry, which is named here if it is written out;
``asks dimension``: it asks the partition that it makes for the key of this dimension;
``reads partition``: it reads this attribute of it; ``secret``, ``likely
secret``: a text of the module is one; ``requests``: a sensor asks for a run of this partition.
"""
Owner = Literal["asset", "check", "resource", "sensor", "module"]


class BodyFact(Node):
    """One such thing, at its place."""

    kind: FactKind
    owner_kind: Owner
    owner: str
    """Id of the step, or name of the check, resource, sensor or module."""
    location: Location
    handler: HandlerWord | None = None
    """The handler of a gate that does it; None if it is the owner's own function."""
    what: str = ""
    """The code, as far as it matters; of a secret only the name that it is given to."""
    reach: str = ""
    """What it reaches outside of the program (``frontend.bodies.outside``)."""
    inside: Location | None = None
    """Where it is done, if this place calls a function that does it; for what is changed, where it is made."""
