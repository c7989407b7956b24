"""The exit codes of runs. Nothing is imported here: a process may be interrupted before it has imported more."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_REFUSED = 2
"""What was asked for cannot be run."""
EXIT_BUSY = 75
"""Another run is making the same: it may be tried again."""
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
