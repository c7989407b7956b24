"""The trivial graph with Kedro, in memory. Argument: folder of the graph's module. Prints seconds."""

from __future__ import annotations

import inspect
import logging
import sys
import time

sys.path.insert(0, sys.argv[1])

import hamilton_graph
from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner

logging.disable(logging.WARNING)

functions = [function for name, function in vars(hamilton_graph).items() if name.startswith("asset_")]
nodes = [
    node(function, inputs=list(inspect.signature(function).parameters) or None, outputs=function.__name__)
    for function in functions
]
graph = pipeline(nodes)
started = time.perf_counter()
SequentialRunner().run(graph, DataCatalog())
print(time.perf_counter() - started)
