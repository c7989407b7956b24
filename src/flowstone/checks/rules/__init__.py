"""The rules, one a file, named by code and name, in folders of their scopes (``catalog.py``): nothing lists them."""
