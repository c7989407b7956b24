"""The base of every node of the intermediate representation, and what nodes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Node(BaseModel):
    """Frozen data. Unknown fields are refused, so that a newer file is not half understood.

    Validators are made when they are first needed: most commands need few of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Location(Node):
    """A place in a source file. Lines and columns count from 1; the end column is the one behind the last character."""

    file: str
    """Path with forward slashes, relative to the project's folder."""
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


Spot = tuple[int, int, int, int]
"""A place in a file that is known: line, column, end line, end column. A tenth of a ``Location`` in time and space."""


class Places(Mapping[str, Location]):
    """Spots in a file as locations, each made when it is asked for."""

    def __init__(self, file: str, spots: Mapping[str, Spot]) -> None:
        self._file = file
        self._spots = spots

    def __getitem__(self, name: str) -> Location:
        line, column, end_line, end_column = self._spots[name]
        return Location(file=self._file, line=line, column=column, end_line=end_line, end_column=end_column)

    def __contains__(self, name: object) -> bool:
        return name in self._spots

    def __iter__(self) -> Iterator[str]:
        return iter(self._spots)

    def __len__(self) -> int:
        return len(self._spots)


Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""
