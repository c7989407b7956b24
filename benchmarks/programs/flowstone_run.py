"""The trivial project with FlowStone's local runner. Arguments: folder, executor. Prints seconds.

Reading the project is not part of the time, as importing the graph's module is not for the others.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from flowstone.config import load_settings
from flowstone.frontend import load
from flowstone.runner.execute import Options, execute
from flowstone.runner.plan import plan
from flowstone.runner.progress import Lines
from flowstone.runtime.workspace import Workspace

folder = Path(sys.argv[1])
project = load(load_settings(folder)).project
workspace = Workspace(project, folder)
for step in project.steps.values():
    workspace.function(step.function)
started = time.perf_counter()
planned = plan(project, tuple(project.steps))
reporter = Lines(io.StringIO(), io.StringIO(), quiet=True)
summary = execute(planned, workspace, Options(run_id="bench", executor=sys.argv[2], workers=1), reporter)
elapsed = time.perf_counter() - started
if not summary.ok:
    sys.exit("the run failed")
print(elapsed)
