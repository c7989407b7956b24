"""``postgres_store.py ours|copy|csv DSN ROWS``: a table goes into Postgres. Prints seconds.

``copy`` is a bare COPY into a new table of the CSV that Arrow makes of the same table meanwhile; ``csv`` is a COPY of
text that was there before. All of them store into a database that has no such table.
"""

import io
import sys
import time
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv as csv
from stream import batches

from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_actions import open_manager, slot_of, store

CHUNK = 65_536


def table_of(rows: int) -> pa.Table:
    """Five columns: whole numbers, a float, a text."""
    whole = pa.Table.from_batches(batches(rows * 100 / 1_000_000)).combine_chunks().slice(0, rows)
    assert whole.num_rows == rows
    columns = [whole.column(place) for place in range(3)]
    return pa.table([*columns, whole.column(3).cast(pa.float64(), safe=False), whole.column(8)], names=list("abcde"))


def texts(table: pa.Table) -> list[bytes]:
    """The rows as CSV, in portions."""
    for start in range(0, table.num_rows, CHUNK):
        sink = io.BytesIO()
        csv.write_csv(table.slice(start, CHUNK), sink, csv.WriteOptions(include_header=False))
        yield sink.getvalue()


def copy(dsn: str, portions) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE bare (a bigint, b bigint, c bigint, d double precision, e text)")
        with connection.cursor().copy("COPY bare FROM STDIN (FORMAT csv)") as stream:
            for portion in portions:
                stream.write(portion)


def clear(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute("DROP SCHEMA IF EXISTS measured CASCADE")
        connection.execute("CHECKPOINT")


def ours(dsn: str, table: pa.Table) -> None:
    manager = open_manager(PostgresManager, {"dsn": dsn, "schema": "measured"}, Path())
    store(manager, slot_of(manager), table)


if __name__ == "__main__":
    how, dsn, rows = sys.argv[1:]
    table = table_of(int(rows))
    ready = list(texts(table)) if how == "csv" else texts(table)
    clear(dsn)
    started = time.perf_counter()
    if how == "ours":
        ours(dsn, table)
    else:
        copy(dsn, ready)
    print(time.perf_counter() - started)
