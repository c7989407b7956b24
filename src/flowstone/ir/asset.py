"""Assets, the steps that make them, and the checks on them."""

from __future__ import annotations

from collections.abc import Mapping

from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.gate import Gate
from flowstone.ir.node import Json, Location, Node, Places, Spot
from flowstone.ir.types import TypeExpr
from flowstone.ir.values import ApprovalValue, PartitionsValue, RetryValue, ScatterValue, ScheduleValue


class Storage(Node):
    """Where and how an asset is stored."""

    manager: str
    """Name of a configured IO manager."""
    options: dict[str, Json] = {}
    """The keywords ``bucket``, ``path``, ``table``, ``schema``, ``format`` and those in ``io``."""


class Asset(Node):
    """Something stored: what a step makes."""

    id: str
    """``name`` or ``namespace.name``."""
    name: str
    namespace: str | None = None
    step: str
    """Id of the step that makes it."""
    description: str = ""
    group: str = "default"
    tags: dict[str, str] = {}
    owners: tuple[str, ...] = ()
    meta: dict[str, Json] = {}
    partitions: PartitionsValue | None = None
    storage: Storage
    type: TypeExpr | None = None
    """What the function promises to return for this asset; None if it is not annotated."""
    location: Location


class Step(Node):
    """One function that runs: the unit of retries and timeouts. Usually it makes one asset of the same id."""

    id: str
    function: FunctionRef
    signature: Signature
    outputs: dict[str, str]
    """Asset ids by the name under which the function returns them, in order. With one the value itself is returned."""
    partitions: PartitionsValue | None = None
    retries: RetryValue | None = None
    timeout: float | None = None
    """Seconds."""
    concurrency: str | None = None
    """Name of the limit on how many functions run at once."""
    schedule: ScheduleValue | None = None
    cache: bool = True
    scatter: ScatterValue | None = None
    """The function is called once for each item of what its dependency with ``scattered`` reads."""
    checkpoint: ApprovalValue | None = None
    """The value waits until somebody approved it."""
    gate: Gate | None = None
    """The function asks for a value from outside, and the signature has the parameters of the handlers, too."""
    choices: tuple[str, ...] = ()
    """What a route chooses from, by the names of the steps; empty if this is none."""
    default_choice: str | None = None
    """The choice where the route's function returns None."""
    branches: tuple[str, ...] = ()
    """The parameters of a join that receive branches; empty if this is none."""
    routed_from: str | None = None
    """Id of the asset that is the route which this step waits for: it runs only where it is chosen."""
    engine_options: dict[str, dict[str, Json]] = {}
    """Options that only one engine reads, by engine: ``airflow``, ``prefect``, ``local``."""
    code: str
    """Fingerprint of everything that the function reaches: ``sha256:...``."""
    location: Location
    """The function's name in its ``def``."""
    spots: dict[str, Spot] = {}
    """Where in the same file the value of each keyword of the decorator stands, each parameter as ``parameter:NAME``,
    and the annotation of what it returns as ``returns``.
    """
    unknown: tuple[str, ...] = ()
    """Keywords that have a finding: what they would say is not known. Empty in whatever is compiled."""

    @property
    def keywords(self) -> Mapping[str, Location]:
        """The same as places."""
        return Places(self.location.file, self.spots)


class Check(Node):
    """A function that judges an asset's value."""

    name: str
    asset: str
    function: FunctionRef
    signature: Signature
    blocking: bool = False
    description: str = ""
    code: str
    location: Location


class Resource(Node):
    """A function that opens something that assets, checks and other resources use."""

    name: str
    function: FunctionRef
    signature: Signature
    items: bool = False
    """The function is an item reader: what it yields are items to scatter over."""
    description: str = ""
    code: str
    location: Location
