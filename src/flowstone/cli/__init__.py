"""The command line: one command a file, loaded when it is called.

``flowstone --version`` is answered before anything is imported: it is what editors and hooks call.
"""

from __future__ import annotations

import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    try:
        _main()
    except KeyboardInterrupt:
        raise SystemExit(interrupted()) from None


def interrupted() -> int:
    """Say that Ctrl-C ended the command, and how to call it again. Returns the exit code."""
    import shlex

    sys.stderr.write(f"interrupted; to go on: flowstone {shlex.join(sys.argv[1:])}\n")
    return EXIT_INTERRUPTED


def _main() -> None:
    if sys.argv[1:] == ["--version"]:
        from flowstone.__about__ import __version__

        sys.stdout.write(f"flowstone {__version__}\n")
        raise SystemExit(0)
    from flowstone.cli.root import cli

    cli(prog_name="flowstone")
