"""What Prefect does with new files before they run: it imports them. Deployments are made as they are imported."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, ".")
for path in sorted(Path.cwd().glob("*.py")):
    importlib.import_module(path.stem)
