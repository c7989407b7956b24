"""``sys.version_info`` in conditions: known is what is the same on every version of Python that can run a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from flowstone.frontend.operators import UnstableError
from flowstone.frontend.values import Symbol

_SUPPORTED = [(3, minor, micro, "final", 0) for minor in range(11, 40) for micro in (0, 99)]
_PARTS = {"major": 0, "minor": 1, "micro": 2}


class Version(Struct, Symbol, frozen=True):
    """``sys.version_info``, or a part of it."""

    part: slice | int | None = None
    dotted: str = "sys.version_info"

    def __hash__(self) -> int:
        return hash(self.dotted)

    def attribute(self, name: str) -> Version | None:
        """The part of this name."""
        return Version(_PARTS[name]) if self.part is None and name in _PARTS else None

    def item(self, index: Any) -> Version | None:
        """The part at an index or slice."""
        return Version(index) if self.part is None and isinstance(index, slice | int) else None

    def of(self, version: tuple[Any, ...]) -> Any:
        """The value for one version."""
        return version if self.part is None else version[self.part]


def compare(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    """A comparison with a version on one side. Errors: UnstableError if its outcome is not always the same."""
    outcomes = {
        bool(operation(*(side.of(version) if isinstance(side, Version) else side for side in (left, right))))
        for version in _SUPPORTED
    }
    if len(outcomes) != 1:
        raise UnstableError("this differs between the versions of Python on which the project may run")
    return outcomes.pop()
