"""The command line: one command a file, loaded when it is called.

``flowstone --version`` is answered before anything is imported: it is what editors and hooks call.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the console script."""
    if sys.argv[1:] == ["--version"]:
        from flowstone.__about__ import __version__

        sys.stdout.write(f"flowstone {__version__}\n")
        raise SystemExit(0)
    from flowstone.cli.root import cli

    cli(prog_name="flowstone")
