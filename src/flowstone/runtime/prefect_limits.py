"""Limits on how many functions run at once, as global concurrency limits of Prefect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists

from flowstone.ir.asset import Step
from flowstone.ir.limits import limit_id
from flowstone.ir.project import Project


def declare_limits(project: Project, steps: Sequence[str]) -> None:
    """Bring the limits of some steps on the server to what was compiled."""
    names = sorted({name for step in steps if (name := project.steps[step].concurrency) is not None})
    if not names:
        return
    with get_client(sync_client=True) as client:
        for name in names:
            limit, size = limit_id(project, name), project.concurrency[name]
            try:
                client.upsert_global_concurrency_limit_by_name(limit, size)
            except ObjectAlreadyExists:  # another flow run was quicker, and may have been compiled from another state
                client.upsert_global_concurrency_limit_by_name(limit, size)


@contextmanager
def slot(project: Project, step: Step) -> Iterator[None]:
    """Hold a slot of the step's limit, if it has one.

    A server that cannot be reached for a while does not end what runs already. Errors:
    ConcurrencySlotAcquisitionError if the limit was removed.
    """
    if step.concurrency is None:
        yield
        return
    with concurrency(limit_id(project, step.concurrency), strict=True, raise_on_lease_renewal_failure=False):
        yield
