"""The plain loop: the same functions and the same atomic writes as FlowStone's file store, without anything else.

Arguments: folder, number of assets, ``memory`` or ``disk``. Prints seconds. The files lie as those of the file store
do, since what it costs to create a file depends on where its folder was placed on the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

RECORDS = ".records/assets"
RECORD = {"asset": "", "data_version": "", "code_version": "0" * 64, "inputs": [], "padding": "x" * 500}


def needs(number: int) -> list[int]:
    return [other for other in (number - 1, number - 7) if other >= 0]


def commit(folder: Path, number: int, value: int) -> None:
    """Data and record: written, synced, renamed, folders synced, in the order of the file store."""
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
    for _, temporary, target in written:
        temporary.replace(target)
    for place, _, _ in written:
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def load(folder: Path, number: int) -> int:
    """The value, after its record."""
    json.loads((folder / RECORDS / f"{number}.json").read_bytes())
    return json.loads((folder / f"{number}.json").read_bytes())


def main(folder: Path, assets: int, on_disk: bool) -> None:
    (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    values: dict[int, int] = {}
    started = time.perf_counter()
    for number in range(assets):
        inputs = [load(folder, other) if on_disk else values[other] for other in needs(number)]
        value = max([0, *inputs]) + 1
        if on_disk:
            commit(folder, number, value)
        else:
            values[number] = value
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "disk")
