"""The graph with Dagster, in memory and in one process. Argument: folder of its definitions. Prints seconds."""

from __future__ import annotations

import logging
import os
import sys
import time

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
sys.path.insert(0, sys.argv[1])

import dagster as dg
from definitions import defs

logging.disable(logging.WARNING)

assets = list(defs.resolve_asset_graph().assets_defs)
instance = dg.DagsterInstance.ephemeral()
started = time.perf_counter()
result = dg.materialize(assets, instance=instance, resources={"io_manager": dg.mem_io_manager})
elapsed = time.perf_counter() - started
if not result.success:
    sys.exit("the run failed")
print(elapsed)
