"""Pydantic for our own models: without plugins, and without what it imports for them.

Its plugins are for the models of applications. Looking for them reads what all installed packages offer, and importing
``importlib.metadata`` alone is a twentieth of a short command.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

METADATA = "importlib.metadata"
SWITCH = "PYDANTIC_DISABLE_PLUGINS"
"""The variable is part of pydantic's interface; it is read whenever a validator is made."""


@contextmanager
def without_plugins() -> Iterator[None]:
    """Within, validators are made without plugins. Not to be used where code of the user is run."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "__all__"
    _import_lightly()
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before


def _import_lightly() -> None:
    """Import pydantic's loader of plugins, with no more than the name of what it looks for them with."""
    if METADATA in sys.modules or "pydantic.plugin._loader" in sys.modules:
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
