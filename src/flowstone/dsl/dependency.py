"""What an asset reads (``Dep``) and, where it makes several, what it makes (``Output``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from flowstone.dsl.frozen import dataclass
from flowstone.dsl.mappings import PartitionMapping


@dataclass(frozen=True)
class Dep:
    """A dependency with more to say than its name."""

    asset: str
    """Name of the asset, or ``namespace.name``."""
    as_: str | None = None
    """Name of the parameter that receives the value; by default the asset's own name, if there is such a parameter."""
    partitions: PartitionMapping | None = None
    """Which partitions are read; None is the default mapping for the two definitions."""
    optional: bool = False
    """The value may be missing: the parameter then receives None."""


@dataclass(frozen=True)
class Output:
    """One of several assets that a function makes. What is not given is taken from the function's ``@asset``."""

    description: str | None = None
    group: str | None = None
    tags: Sequence[str] | Mapping[str, str] = ()
    owners: Sequence[str] = ()
    io_manager: str | None = None
    bucket: str | None = None
    path: str | None = None
    table: str | None = None
    schema: str | None = None
    format: str | None = None
    io: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
