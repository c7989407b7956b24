"""``flowstone run --resume``: what an earlier run was asked for, once more."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from msgspec.structs import replace

from flowstone.cli.common import settings_of
from flowstone.cli.wanted import Ready, Wanted, opened

if TYPE_CHECKING:
    from flowstone.runner.history.entries import Entry


def resumed(wanted: Wanted, name: str) -> tuple[Ready, Entry]:
    """What a run was to make, as the project is now; and the run.

    Errors: UsageError if other things are asked for beside, if the run is done, or if it was to make what there is no
    more; StateError if there is no such run.
    """
    from flowstone.errors import UsageError
    from flowstone.runner.history.entries import chain, find, made
    from flowstone.runner.history.history import History
    from flowstone.runner.prepare import Asked

    if wanted.says_something:
        raise UsageError("--resume goes on with what the run was to make, and takes no selection, keys or values")
    with History(settings_of(wanted.project, wanted.profile).home) as history:
        entry = find(history, name)
        done = made(history, entry)
        runs = tuple(item.id for item in chain(history, entry))
    if entry.status == "done":
        raise UsageError(f"run {entry.id} is done: there is nothing to go on with")
    assignments = tuple(entry.asked["assignments"])
    project = opened(replace(wanted, assignments=assignments, profile=wanted.profile or entry.profile))
    steps = tuple(step for step in project.workspace.project.steps if step in set(entry.asked["steps"]))
    if gone := [step for step in entry.asked["steps"] if step not in steps]:
        raise UsageError(
            f"run {entry.id} was to make {', '.join(gone[:5])}, which the project does not have any more",
            help="select what there is: flowstone run ...",
        )
    asked = dataclasses.replace(Asked.from_json(entry.asked, steps, done), continues=runs)
    return Ready(project, asked), entry
