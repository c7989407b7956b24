"""The rules, one a file, named by code and name. A file that is put here is a rule: nothing else lists them."""
