"""The trivial project with FlowStone's local runner. Arguments: folder, executor. Prints seconds.

Reading the project, and importing its functions and what stores their values, is not part of the time, as importing the
library and the graph's module is not for the others.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from flowstone.config import load_settings
from flowstone.frontend import load
from flowstone.runner.prepare import Asked
from flowstone.runner.session import Session, carry_out
from flowstone.runtime.workspace import Workspace

folder = Path(sys.argv[1])
project = load(load_settings(folder)).project
workspace = Workspace(project, folder)
for step in project.steps.values():
    workspace.function(step.function)
for name in {asset.storage.manager for asset in project.assets.values()}:
    workspace.manager(name)
started = time.perf_counter()
session = Session(
    asked=Asked(tuple(project.steps)),
    executor=sys.argv[2],
    workers=1,
    manifest=folder / "flowstone.json",
    command="benchmark",
    resume="",
    quiet=True,
)
code = carry_out(workspace, session)
elapsed = time.perf_counter() - started
if code != 0:
    sys.exit("the run failed")
print(elapsed)
