"""``python -m benchmarks [NAMES] [--rounds N] [--strict]``: prints a table, keeps it in build/bench."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    again_speed,
    check_growth,
    check_speed,
    lsp_speed,
    parse_speed,
    peers_speed,
    run_speed,
    store_speed,
)
from benchmarks.measure import CommandFailedError
from benchmarks.table import Row, to_text, write_json

BENCHMARKS = {
    "check": check_speed.measure,
    "growth": check_growth.measure,
    "lsp": lsp_speed.measure,
    "run": run_speed.measure,
    "peers": peers_speed.measure,
    "again": again_speed.measure,
    "parse": parse_speed.measure,
    "store": store_speed.measure,
}
RESULTS = Path("build") / "bench" / "results.json"


def main() -> int:
    """Run the benchmarks; 1 if one could not be run or, when strict, if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="check|growth|lsp|run|peers|again|parse|store", help="default: all")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contender (default: 5)")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar is missed")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="flowstone-bench-") as folder:
        for name in arguments.names or BENCHMARKS:
            try:
                rows += BENCHMARKS[name](Path(folder).resolve(), arguments.rounds)
            except CommandFailedError as error:
                failed = True
                print(f"benchmark {name} could not be run: {error}", file=sys.stderr)
    print(to_text(rows))
    write_json(rows, RESULTS)
    return int(failed or (arguments.strict and any(row.passed is False for row in rows)))


if __name__ == "__main__":
    raise SystemExit(main())
