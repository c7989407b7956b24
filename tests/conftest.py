"""For all tests: no bytecode is kept, and Ctrl-C works.

Python tells stale bytecode by the source's size and whole seconds, and tests write a new version of a module within the
same second, of the same size. Shells let what they start in the background ignore SIGINT, which processes inherit.
"""

import os
import signal
import sys

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
signal.signal(signal.SIGINT, signal.default_int_handler)
