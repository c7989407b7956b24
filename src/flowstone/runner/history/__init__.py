"""The history of local runs: a database in the state folder. Values and their records are not in it."""
