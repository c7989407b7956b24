"""Configuration: one loader that reads files, profiles and variables once into one frozen value. Stdlib only."""

from flowstone.config.load import load_settings
from flowstone.config.model import IoManagerSettings, Settings

__all__ = ["IoManagerSettings", "Settings", "load_settings"]
