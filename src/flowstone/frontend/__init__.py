"""The front end: from source files to the intermediate representation, without importing any of the user's code."""

from flowstone.frontend.loader import Loaded, load

__all__ = ["Loaded", "load"]
