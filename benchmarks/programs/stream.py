"""``stream.py MANAGER FOLDER CONFIG store|load MEGABYTES``: a table passes through an IO manager in batches.

Prints the seconds and the megabytes of memory that it took at most, as JSON.
"""

import json
import sys
import time
from pathlib import Path
from pkgutil import resolve_name

import pyarrow as pa
import pyarrow.compute as pc

from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import open_manager, slot_of, store

ROWS = 50_000
COLUMNS = 8
READER = TypeExpr(name="pyarrow.RecordBatchReader")


def batches(megabytes):
    """Numbers and texts that do not repeat, so that they do not shrink when they are stored."""
    numbers = pa.array((index * 2654435761) % 4294967296 for index in range(ROWS))
    made = 0
    while made < megabytes * 1_000_000:
        columns = [pc.bit_wise_xor(pc.multiply(numbers, 1 + made // 7 + place), made) for place in range(COLUMNS)]
        text = pc.binary_join_element_wise(columns[0].cast(pa.string()), "orders", " ")
        batch = pa.record_batch([*columns, text], names=[f"c{place}" for place in range(COLUMNS + 1)])
        made += batch.nbytes
        yield batch


def peak():
    """Megabytes of this program alone: ``ru_maxrss`` would count what its parent had when it started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(manager_type, folder, config, doing, megabytes):
    manager = open_manager(resolve_name(manager_type), json.loads(config), Path(folder))
    slot = slot_of(manager)
    started = time.perf_counter()
    if doing == "store":
        rows = store(manager, slot, batches(float(megabytes))).metadata["content"]["rows"]
    else:
        rows = sum(batch.num_rows for batch in manager.read(slot, READER)[1])
    print(json.dumps({"seconds": time.perf_counter() - started, "megabytes": peak(), "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
