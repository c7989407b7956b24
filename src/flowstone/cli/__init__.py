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
    finally:
        _leave_stdout()


def _leave_stdout() -> None:
    """Forget what could not be written: that has been told, and Python would tell it again with a traceback."""
    import os

    try:
        if sys.stdout is not None and not sys.stdout.closed:  # the language server closes it when it ends
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


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
