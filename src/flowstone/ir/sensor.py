"""Sensors: functions that look outside, and start runs of a job for what is new."""

from __future__ import annotations

from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.node import Location, Node


class Sensor(Node):
    """A function that is called again and again with the cursor that it gave last."""

    name: str
    job: str
    """Name of the job, as written: whether there is one is a rule's concern."""
    every: float
    """Seconds from one look to the next."""
    timeout: float = 60.0
    """Seconds after which a look is stopped."""
    cursor: str | None = None
    """Name of the parameter that receives the cursor; None if the function takes none."""
    function: FunctionRef
    signature: Signature
    description: str = ""
    location: Location
    job_location: Location
    """Where the job is named."""
