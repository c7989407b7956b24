"""A chain of trivial functions with redun, its database in memory. Argument: how many. Prints seconds.

A chain, not the graph of the others: what redun takes for a value that two others need doubles with each of them, so
that it does not get through that graph.
"""

from __future__ import annotations

import logging
import sys
import time

from redun import Scheduler, task
from redun.config import Config

logging.disable(logging.WARNING)


@task(namespace="bench")
def following(before: int) -> int:
    """A number."""
    return max(0, before) + 1


scheduler = Scheduler(config=Config({"backend": {"db_uri": "sqlite:///:memory:"}}))
scheduler.load()
value = 0
for _ in range(int(sys.argv[1])):
    value = following(value)
started = time.perf_counter()
made = scheduler.run(value)
elapsed = time.perf_counter() - started
if made != int(sys.argv[1]):
    sys.exit("the run failed")
print(elapsed)
