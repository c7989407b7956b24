"""The trivial graph with Hamilton. Arguments: folder of the graph's module, ``memory`` or ``disk``. Prints seconds."""

from __future__ import annotations

import sys
import time

sys.path.insert(0, sys.argv[1])

import hamilton_graph
from hamilton import driver

builder = driver.Builder().with_modules(hamilton_graph)
if sys.argv[2] == "disk":
    builder = builder.with_cache(path=f"{sys.argv[1]}/cache")
built = builder.build()
wanted = [variable.name for variable in built.list_available_variables()]
started = time.perf_counter()
built.execute(wanted)
print(time.perf_counter() - started)
