"""Which modules are loaded by ``flowstone check``? Argument: folder. Prints names that must not be there."""

from __future__ import annotations

import sys

sys.argv = ["flowstone", "check", "--no-cache", "--quiet", "--project", sys.argv[1]]
from flowstone.cli import main  # noqa: E402 - after its arguments

try:
    main()
except SystemExit as ended:
    if ended.code not in (0, None):
        raise
user = ("pipelines", "polars", "pandas", "pyarrow", "numpy")
print("user modules:", *(name for name in sys.modules if name.split(".")[0] in user))
