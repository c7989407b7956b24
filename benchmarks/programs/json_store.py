"""``json_store.py ours|loop FOLDER COUNT``: small JSON values, one after the other. Prints seconds.

The loop is that of ``loop.py``: the same atomic writes of a value and its record, and nothing else.
"""

import sys
import time
from pathlib import Path

from loop import RECORDS, commit

from flowstone.io.contract import Slot
from flowstone.io.filesystem import FilesystemManager
from flowstone.testing.io_actions import open_manager, store


def ours(folder: Path, count: int) -> None:
    manager = open_manager(FilesystemManager, {"root": str(folder)}, folder)
    options = manager.AssetOptions()
    for number in range(count):
        store(manager, Slot(f"a{number}", None, options), number)


def loop(folder: Path, count: int) -> None:
    for number in range(count):
        commit(folder, number, number)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    (place / RECORDS).mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    {"ours": ours, "loop": loop}[sys.argv[1]](place, int(sys.argv[3]))
    print(time.perf_counter() - started)
