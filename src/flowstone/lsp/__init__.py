"""The language server: what editors ask while a project is written. Only ``server`` knows the protocol's library."""
