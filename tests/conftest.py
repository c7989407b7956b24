"""For all tests: no bytecode is kept.

Python tells stale bytecode by the source's size and whole seconds, and tests write a new version of a module within the
same second, of the same size.
"""

import os
import sys

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
