"""The plain loop: the functions, atomic writes as those of the file store, and one commit of SQLite for each asset.

Arguments: folder, number of assets, ``memory`` or ``disk``. Prints seconds. The files lie as those of the file store
do, since what it costs to create a file depends on where its folder was placed on the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import time
from pathlib import Path

RECORDS = ".records/assets"
RECORD = {"asset": "", "data_version": "", "code_version": "0" * 64, "inputs": [], "padding": "x" * 500}


def needs(number: int) -> list[int]:
    return [other for other in (number - 1, number - 7) if other >= 0]


def commit(folder: Path, number: int, value: int) -> None:
    """Data and record: written, synced, the record announced, both renamed, folders synced, as the file store does."""
    data, records = folder, folder / RECORDS
    content = json.dumps(value).encode()
    record = json.dumps({**RECORD, "asset": number, "data_version": hashlib.sha256(content).hexdigest()}).encode()
    written = []
    for place, text in ((data, content), (records, record)):
        temporary = place / f".{number}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, text)
        os.fsync(descriptor)
        os.close(descriptor)
        written.append((place, temporary, place / f"{number}.json"))
    (_, data_file, data_target), (_, record_file, record_target) = written
    announced = records / f".{number}.json.next"
    record_file.replace(announced)
    data_file.replace(data_target)
    announced.replace(record_target)
    for place, _, _ in written:
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def load(folder: Path, number: int) -> int:
    """The value, after its record."""
    json.loads((folder / RECORDS / f"{number}.json").read_bytes())
    return json.loads((folder / f"{number}.json").read_bytes())


def history(folder: Path) -> sqlite3.Connection:
    """A database with a row for each asset, as durable as FlowStone's."""
    connection = sqlite3.connect(folder / "history.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE tasks (place INTEGER PRIMARY KEY, status TEXT NOT NULL, elapsed REAL) STRICT")
    return connection


def main(folder: Path, assets: int, on_disk: bool) -> None:
    (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    values: dict[int, int] = {}
    database = history(folder) if on_disk else None
    started = time.perf_counter()
    for number in range(assets):
        inputs = [load(folder, other) if on_disk else values[other] for other in needs(number)]
        value = max([0, *inputs]) + 1
        if database is not None:
            commit(folder, number, value)
            database.execute("INSERT INTO tasks VALUES (?, 'materialized', ?)", (number, 0.001))
        else:
            values[number] = value
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "disk")
