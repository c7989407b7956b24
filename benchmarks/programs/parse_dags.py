"""Time to parse DAG files in a process that has Airflow loaded, as Airflow's DAG processor does.

Arguments: number of rounds, then files. Prints the median seconds of each, in one line. They are seconds of processor
time, since nothing is waited for.
"""

from __future__ import annotations

import gc
import runpy
import statistics
import sys
import time

import airflow.sdk  # noqa: F401 - loaded before the clock runs
from airflow.sdk import DAG, Asset, BaseOperator, task  # noqa: F401

files = sys.argv[2:]
for file in files:
    runpy.run_path(file)
times: dict[str, list[float]] = {file: [] for file in files}
for _ in range(int(sys.argv[1])):
    for file in files:
        gc.collect()
        started = time.process_time()
        runpy.run_path(file)
        times[file].append(time.process_time() - started)
print(*(statistics.median(times[file]) for file in files))
