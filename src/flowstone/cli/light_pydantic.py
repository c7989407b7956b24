"""Pydantic without what it does for plugins, which is a twentieth of the time of a check after an edit."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

METADATA = "importlib.metadata"


def import_pydantic() -> None:
    """Import it without plugins. It imports ``importlib.metadata`` for them all the same: here, only the name of it."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it reads what all installed packages offer
    if METADATA in sys.modules:
        return
    sys.modules[METADATA] = _Later(METADATA)
    try:
        importlib.import_module("pydantic.plugin._loader")
    except ImportError:  # of a version of pydantic that has no such module, or takes something else from it
        pass
    finally:
        del sys.modules[METADATA]


class _Later(ModuleType):
    """Stands for a module whose functions are imported when they are called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **options: getattr(importlib.import_module(METADATA), name)(*args, **options)
