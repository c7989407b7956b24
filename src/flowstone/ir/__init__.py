"""The intermediate representation: frozen nodes, one concept a file. Workers read it, so it needs pydantic only."""
