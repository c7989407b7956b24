"""From what a run is to make to its plan, with what is known of each task: the same for ``plan`` and ``run``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from flowstone.config.environment import state_folder
from flowstone.dsl.partitions import (
    MultiPartitions,
    SinglePartitions,
    TimePartitions,
    axes,
)
from flowstone.errors import UsageError
from flowstone.ir.project import Project
from flowstone.ir.run_keys import axes_of
from flowstone.runner.forecast import Forecast, forecast
from flowstone.runner.history.entries import last_states
from flowstone.runner.history.history import History
from flowstone.runner.plan import Plan, Task, plan, restricted
from flowstone.runtime.branches import verdict
from flowstone.runtime.reasons import Place
from flowstone.runtime.registry import know_registries, without_keys
from flowstone.runtime.stored import Stored
from flowstone.runtime.workspace import Workspace

Only = Literal["missing", "failed"]
_SUCCESS = ("materialized", "reused")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to make."""

    steps: Sequence[str]
    """Ids in the order of the project."""
    keys: Sequence[str] = ()
    """Keys of partitions, or ranges of keys."""
    force: bool = False
    """Make everything again, whatever is stored."""
    done: frozenset[Place] = frozenset()
    """What a forced run has made that this one goes on with: it is not made once more."""
    assignments: tuple[str, ...] = ()
    """``ASSET.PARAM=VALUE`` as they were given; the workspace has them already."""
    everything: bool = False
    """All partitions whose time has come; there are no keys then."""
    only: Only | None = None
    """``missing``: what is not stored, or is damaged; ``failed``: what did not succeed in its last run here."""
    continues: tuple[str, ...] = ()
    """Ids of the runs that this one goes on with."""

    def to_json(self) -> dict[str, Any]:
        """What the history keeps, so that the run can be resumed."""
        return {
            "steps": list(self.steps),
            "keys": list(self.keys),
            "force": self.force,
            "assignments": list(self.assignments),
            "everything": self.everything,
            "only": self.only,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], steps: Sequence[str], done: Collection[Place]) -> Asked:
        """What the history kept, for the steps as they are now, and what a run has made of it since."""
        return cls(
            steps,
            tuple(kept["keys"]),
            kept["force"],
            frozenset(done),
            tuple(kept["assignments"]),
            kept["everything"],
            kept["only"],
        )


def prepare_run(workspace: Workspace, asked: Asked) -> Forecast:
    """What a run does that is asked for like this: what ``plan`` shows and ``run`` carries out.

    Errors: as ``carry_out``.
    """
    know_registries(workspace, asked.steps)
    planned = plan_asked(workspace, asked)
    stored = Stored(workspace)
    if asked.only is not None:
        find = _is_missing if asked.only == "missing" else _has_failed
        wanted = find(workspace, stored, planned)
        planned = restricted(planned, wanted)
    return forecast(workspace, planned, force=asked.force, done=asked.done, stored=stored)


def _is_missing(workspace: Workspace, stored: Stored, planned: Plan) -> Callable[[Task], bool]:
    stored.expect((output.id, task.partition) for task in planned.tasks for output in workspace.step(task.step).outputs)

    def is_missing(task: Task) -> bool:
        if _is_left_out(workspace, stored, task):
            return False
        return not all(stored.is_intact(output.id, task.partition) for output in workspace.step(task.step).outputs)

    return is_missing


def _is_left_out(workspace: Workspace, stored: Stored, task: Task) -> bool:
    """Whether a route has chosen another branch than this, so that there is nothing to make."""
    if task.step not in workspace.project.routes:
        return False
    definition = workspace.step(task.step).partitions
    key = None if definition is None or task.partition is None else workspace.key(definition, task.partition)
    return verdict(workspace, task.step, key, stored.one).verdict == "left out"


def _has_failed(workspace: Workspace, stored: Stored, planned: Plan) -> Callable[[Task], bool]:
    with History(state_folder(workspace.root, workspace.environment)) as history:
        states = last_states(history, workspace.project.profile)
    known = {place for place, state in states.items() if state not in _SUCCESS}
    tasks = (task for task in planned.tasks if (task.step, task.partition) in known)
    failed = {task for task in tasks if not _is_left_out(workspace, stored, task)}
    return failed.__contains__


def plan_asked(workspace: Workspace, asked: Asked) -> Plan:
    """The plan of what was asked for. Errors: UsageError as ``carry_out``; ConfigurationError for a store or a config
    value that would fail every task that needs it.
    """
    project = workspace.project
    wanted = axes_of(project, asked.steps)
    if not asked.keys and not asked.everything and any(isinstance(item, TimePartitions) for item in wanted):
        raise UsageError(_which_keys(project, asked.steps, wanted), help=_example(wanted))
    try:
        until = datetime.now(UTC) if asked.everything else None
        planned = plan(project, asked.steps, asked.keys, until, workspace.sound_step)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not planned.tasks:
        raise UsageError("nothing is to be done: " + "; ".join(without_key(project, planned)))
    return planned


def without_key(project: Project, planned: Plan) -> Iterator[str]:
    """One line for each step that gets no key of the run."""
    if not planned.without_key:
        return
    grains = {
        axis.grain
        for step in planned.steps
        for axis in axes(project.steps[step].partitions)
        if isinstance(axis, TimePartitions)
    }
    for step in planned.without_key:
        definition = project.steps[step].partitions
        coarse = [
            axis
            for axis in axes(definition)
            if isinstance(axis, TimePartitions) and axis.is_of_calendar and axis.grain > min(grains, default=9)
        ]
        if coarse:
            yield f"{step}: no key of this run completes a {_period(coarse[0])}"
        elif isinstance(definition, MultiPartitions) and not without_keys(definition):
            yield f"{step}: no key of {definition.words} was given"
        elif definition is not None:
            yield f"{step}: {without_keys(definition) or f'no {definition.kind} key was given'}"
        else:
            waits = [need for need in project.upstream[step] if need in planned.without_key]
            yield f"{step}: it reads {', '.join(waits)}, which gets no key"


def _period(definition: TimePartitions) -> str:
    return {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}[definition.kind]


def _which_keys(project: Project, steps: Sequence[str], wanted: Sequence[SinglePartitions]) -> str:
    lines = []
    for definition in wanted:
        if isinstance(definition, TimePartitions):
            names = [step for step in steps if definition in axes(project.steps[step].partitions)]
            until = f" before {str(definition.end).removesuffix('T00:00')}" if definition.end else ""
            some = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            lines.append(f"{definition.kind} from {definition.first().text}{until}: {some}")
    return "say which partitions to run: " + "; ".join(lines)


def _example(wanted: Sequence[SinglePartitions]) -> str:
    finest = next(item for item in wanted if isinstance(item, TimePartitions))
    first = finest.first()
    later = finest.shift(first, 6)
    text = f"--partition {first.text}"
    return text if later is None else f"{text}, or --partitions {first.text}..{later.text}"
