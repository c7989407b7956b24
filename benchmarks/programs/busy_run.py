"""Functions that each need a processor for a while, in a pool of processes. Arguments: folder, processes.

Prints which part of the processors' time from the first start to the last end the functions had.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

SECONDS = 0.05
"""As in the functions."""

folder, workers = Path(sys.argv[1]), int(sys.argv[2])
shutil.rmtree(folder / ".flowstone", ignore_errors=True)
options = ["--quiet", "--executor", "process", "--workers", str(workers)]
subprocess.run([sys.executable, "-m", "flowstone", "run", "-C", str(folder), *options], check=True)
spans = [json.loads(path.read_bytes()) for path in (folder / ".flowstone" / "data" / "store").glob("*.json")]
elapsed = max(end for _, end in spans) - min(start for start, _ in spans)
print(len(spans) * SECONDS / (elapsed * workers))
