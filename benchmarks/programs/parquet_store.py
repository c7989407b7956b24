"""``parquet_store.py ours|bare FOLDER MEGABYTES``: a table is stored as parquet and loaded again. Prints seconds.

Bare is pyarrow with the same compression.
"""

import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from stream import batches

from flowstone.io.parquet import ParquetManager
from flowstone.io.parquet_file import ZSTD_LEVEL
from flowstone.testing.io_actions import open_manager, slot_of, store


def ours(folder: Path, table: pa.Table) -> pa.Table:
    manager = open_manager(ParquetManager, {"root": str(folder)}, folder)
    store(manager, slot_of(manager), table)
    return manager.read(slot_of(manager), None)[1]


def bare(folder: Path, table: pa.Table) -> pa.Table:
    pq.write_table(table, folder / "orders.parquet", compression="zstd", compression_level=ZSTD_LEVEL)
    return pq.read_table(folder / "orders.parquet")


if __name__ == "__main__":
    place = Path(sys.argv[2])
    place.mkdir(parents=True, exist_ok=True)
    whole = pa.Table.from_batches(batches(float(sys.argv[3]))).combine_chunks()
    started = time.perf_counter()
    again = {"ours": ours, "bare": bare}[sys.argv[1]](place, whole)
    print(time.perf_counter() - started)
    assert again.num_rows == whole.num_rows
