"""The run that a materialization is part of."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Run(Struct, frozen=True, gc=False):
    """A run of an engine."""

    id: str
    """The engine's own id of the run; it is kept in the materialization records."""
    engine: Literal["airflow", "prefect", "local"]
    attempt: int = 1
    """1 for the first attempt, 2 for the first retry, and so on."""
    failed: tuple[tuple[str, str | None], ...] = ()
    """Steps and partitions that the run should have made before and could not: joins receive a ``Failure`` of them."""
    continues: tuple[str, ...] = ()
    """Ids of the runs that it goes on with."""

    def has(self, run_id: str) -> bool:
        """Whether what was done in a run was done in this one, or in one that it goes on with."""
        return run_id == self.id or run_id in self.continues
