"""The base of every node of the intermediate representation, and what nodes share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Node(BaseModel):
    """Frozen data. Unknown fields are refused, so that a newer file is not half understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""
