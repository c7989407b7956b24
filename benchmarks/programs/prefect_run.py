"""The trivial graph with Prefect and a server of its own. Argument: folder of the graph's module. Prints seconds."""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
import time

os.environ |= {
    "PREFECT_HOME": tempfile.mkdtemp(dir=sys.argv[1]),
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
sys.path.insert(0, sys.argv[1])

import hamilton_graph
from prefect import flow, task
from prefect.testing.utilities import prefect_test_harness

functions = [function for name, function in vars(hamilton_graph).items() if name.startswith("asset_")]
tasks = [(task(function), [*inspect.signature(function).parameters]) for function in functions]


@flow
def first() -> int:
    """What is set up once."""
    return tasks[0][0]()


@flow
def everything() -> None:
    """All functions."""
    values: dict[str, int] = {}
    for make, needs in tasks:
        values[make.name] = make(*(values[other] for other in needs))


with prefect_test_harness(server_startup_timeout=180):
    first()
    started = time.perf_counter()
    everything()
    elapsed = time.perf_counter() - started
print(elapsed)
