"""Whether a value can be read from another machine follows from where the manager is told to keep it."""

import pytest

from flowstone.registry import io_manager_class


@pytest.mark.parametrize(
    ("manager", "options", "shared"),
    [
        ("filesystem", {}, False),
        ("filesystem", {"root": "data"}, False),
        ("filesystem", {"root": "~/data"}, False),
        ("filesystem", {"root": "/mnt/data"}, None),
        ("filesystem", {"root": "s3://bucket/data"}, True),
        ("parquet", {"root": "s3://bucket"}, True),
        ("parquet", {"root": "az://container"}, True),
        ("parquet", {"root": {"env": "LAKE"}}, None),
        ("duckdb", {}, False),
        ("duckdb", {"path": "tables.duckdb"}, False),
        ("duckdb", {"path": "/mnt/tables.duckdb"}, None),
        ("postgres", {"dsn": {"env": "DSN"}}, True),
        ("memory", {}, False),
    ],
)
def test_it_follows_from_the_configuration(manager, options, shared):
    assert io_manager_class(manager).is_shared(options) is shared
