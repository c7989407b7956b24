"""What a join receives in place of a value that could not be made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """A branch of a join that has no value, since it failed or something that it needs did.

    It is the same on every engine; why the branch failed is told where it ran.
    """

    asset: str
    """Id of the asset."""
    partition: str | None = None
    """Key of the first partition that is missing; None if the asset has none."""

    def __str__(self) -> str:
        where = "" if self.partition is None else f", partition {self.partition},"
        return f"{self.asset}{where} was not made"
