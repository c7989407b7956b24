"""IO managers: one store a file. Their modules import pydantic, never the packages that they store with."""
