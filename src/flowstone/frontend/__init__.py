"""The front end: from source files to the intermediate representation, without importing any of the user's code.

The loader is loaded when it is used: a check that finds everything in its cache reads the sources' text only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowstone.frontend.loader import Loaded, load
    from flowstone.frontend.partial import update

__all__ = ["Loaded", "load", "update"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from flowstone.frontend import loader, partial

        return getattr(partial if name == "update" else loader, name)
    raise AttributeError(f"module 'flowstone.frontend' has no attribute {name!r}")
