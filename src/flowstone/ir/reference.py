"""References to secrets: a table with one key, that says where the secret is, and its name there."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.ir.node import Json

ENGINES = {"airflow_connection": "airflow", "prefect_secret": "prefect"}
"""References that one engine can look up, and which."""
KINDS = ("env", "file", *ENGINES)
"""``env``: a variable of the environment. ``file``: the text of a file. ``airflow_connection``: the URI of one of
Airflow's connections. ``prefect_secret``: the value of a block ``Secret`` of Prefect.
"""


def is_reference(value: Json) -> bool:
    """Whether a value stands for a secret. A table with a relative path of a ``file`` is a value like others."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, name),) = value.items()
    return kind in KINDS and isinstance(name, str) and (kind != "file" or name.startswith("/"))


def references(value: Json) -> Iterator[tuple[str, str]]:
    """Kind and name of all references in a value, at whatever depth."""
    if is_reference(value):
        yield next(iter(value.items()))
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from references(item)
