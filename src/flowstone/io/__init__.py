"""IO managers: one store a file. Importing one of these modules imports pydantic, never the packages that it stores with."""
