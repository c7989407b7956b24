"""Configuration: one loader that reads files, profiles and variables once into one frozen value. Stdlib only.

The loader is loaded when it is used: workers need the rules on variables alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowstone.config.load import load_settings
    from flowstone.config.model import IoManagerSettings, Settings

__all__ = ["IoManagerSettings", "Settings", "load_settings"]


def __getattr__(name: str) -> Any:
    if name == "load_settings":
        from flowstone.config.load import load_settings

        return load_settings
    if name in __all__:
        from flowstone.config import model

        return getattr(model, name)
    raise AttributeError(f"module 'flowstone.config' has no attribute {name!r}")
