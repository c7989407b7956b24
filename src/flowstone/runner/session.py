"""One run as a command carries it out: from selected steps and keys to an exit code."""

from __future__ import annotations

import gc
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, Literal

from flowstone.config.environment import state_folder
from flowstone.config.model import Executor
from flowstone.dsl.partitions import Partitions, TimePartitions
from flowstone.errors import UsageError
from flowstone.ir.project import Project
from flowstone.ir.run_keys import definitions
from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import Forecast, forecast
from flowstone.runner.history.alive import living
from flowstone.runner.history.database import faults
from flowstone.runner.history.history import Beginning, History, Journal
from flowstone.runner.interrupts import Interrupts, Terminated
from flowstone.runner.plan import Plan, plan
from flowstone.runner.progress import Lines, Reporter
from flowstone.runner.progress_json import JsonDocument
from flowstone.runtime.reasons import Place
from flowstone.runtime.workspace import Workspace

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
LOGS = "logs"
"""Where what functions print is kept, in the state folder, in a folder for each run."""
KEPT_LOGS = 50
"""Runs whose logs are kept."""


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

    def to_json(self) -> dict[str, Any]:
        """What the history keeps, so that the run can be resumed."""
        return {
            "steps": list(self.steps),
            "keys": list(self.keys),
            "force": self.force,
            "assignments": list(self.assignments),
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A run as it was asked for, and how it is carried out."""

    asked: Asked
    executor: Executor
    workers: int
    manifest: Path
    """Where worker processes read the project."""
    command: str
    """As it was called."""
    resume: str
    """The command that goes on where this one was interrupted."""
    resumes: str | None = None
    """Id of the run that it goes on with."""
    show_output: bool = False
    quiet: bool = False
    output_format: Literal["text", "json"] = "text"


def carry_out(workspace: Workspace, session: Session) -> int:
    """Run, tell about it, and return the exit code.

    Errors: UsageError if keys are missing or wrong, if nothing is to be done, or if the configuration is wrong.
    """
    with _frozen():
        return _carry_out(workspace, session)


@contextmanager
def _frozen() -> Iterator[None]:
    """Keep the garbage collector from searching the project again and again, which takes longer than small assets."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _carry_out(workspace: Workspace, session: Session) -> int:
    planned = prepare_run(workspace, session.asked)
    run_id = new_run_id()
    home = state_folder(workspace.root, workspace.environment)
    _forget(home / LOGS)
    options = Options(
        run_id=run_id,
        executor=session.executor,
        workers=session.workers,
        manifest=session.manifest,
        logs=home / LOGS / run_id,
        show_output=session.show_output,
    )
    interrupts = Interrupts()
    beginning = Beginning(run_id, session.command, session.asked.to_json(), workspace.project.profile, session.resumes)
    with _recorded(home, beginning, planned) as journal, interrupts.installed(), _reporter(session, run_id) as reporter:
        try:
            for text in without_key(workspace.project, planned.plan):
                reporter.note(text)
            summary = execute(planned, workspace, options, reporter, journal, interrupts)
        except KeyboardInterrupt as interruption:
            journal.end("interrupted")
            reporter.close()
            print(f"interrupted; to go on: {session.resume}", file=sys.stderr)  # noqa: T201
            return EXIT_TERMINATED if isinstance(interruption, Terminated) else EXIT_INTERRUPTED
        journal.end("done" if summary.ok else "failed")
    return 0 if summary.ok else EXIT_FAILED


@contextmanager
def _recorded(home: Path, beginning: Beginning, planned: Forecast) -> Iterator[Journal]:
    """A run that is in the history for as long as it lives. Errors: StateError, RunConflictError."""
    with ExitStack() as stack:
        history = stack.enter_context(History(home))
        with faults(history.locks):
            stack.enter_context(living(history.locks, beginning.id))
        yield history.begin(beginning, planned)


def prepare_run(workspace: Workspace, asked: Asked) -> Forecast:
    """What a run does that is asked for like this: what ``plan`` shows and ``run`` carries out.

    Errors: as ``carry_out``.
    """
    planned = plan_asked(workspace.project, asked)
    _demand_sound(workspace, planned)
    return forecast(workspace, planned, force=asked.force, done=asked.done)


def plan_asked(project: Project, asked: Asked) -> Plan:
    """The plan of what was asked for. Errors: UsageError as ``carry_out``."""
    wanted = definitions(project, asked.steps)
    if not asked.keys and any(isinstance(item, TimePartitions) for item in wanted):
        raise UsageError(_which_keys(project, asked.steps, wanted), help=_example(wanted))
    try:
        planned = plan(project, asked.steps, asked.keys)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not planned.tasks:
        raise UsageError("nothing is to be done: " + "; ".join(without_key(project, planned)))
    return planned


def _demand_sound(workspace: Workspace, planned: Plan) -> None:
    """Errors: ConfigurationError for a store or a config value that would fail every task that needs it."""
    for step in dict.fromkeys(task.step for task in planned.tasks):
        prepared = workspace.step(step)
        for asset in (*prepared.outputs, *(asset for _, asset in prepared.dependencies)):
            workspace.storage(asset.id)


def without_key(project: Project, planned: Plan) -> Iterator[str]:
    """One line for each step that gets no key of the run."""
    grains = {
        partitions.grain
        for step in {task.step for task in planned.tasks}
        if isinstance(partitions := project.steps[step].partitions, TimePartitions)
    }
    for step in planned.without_key:
        definition = project.steps[step].partitions
        if isinstance(definition, TimePartitions) and any(grain < definition.grain for grain in grains):
            yield f"{step}: no key of this run completes a {_period(definition)}"
        elif definition is not None:
            yield f"{step}: no {definition.kind} key was given"
        else:
            waits = [need for need in project.upstream[step] if need in planned.without_key]
            yield f"{step}: it reads {', '.join(waits)}, which gets no key"


def new_run_id() -> str:
    """An id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _forget(logs: Path) -> None:
    """Remove the logs of old runs."""
    try:
        old = sorted(logs.iterdir())[: -KEPT_LOGS + 1]
    except FileNotFoundError:
        return
    for folder in old:
        rmtree(folder, ignore_errors=True)


@contextmanager
def _reporter(session: Session, run_id: str) -> Iterator[Reporter]:
    reporter: Reporter
    if session.output_format == "json":
        reporter = JsonDocument(sys.stdout, run_id)
    elif session.quiet or not sys.stderr.isatty():
        reporter = Lines(sys.stderr, sys.stdout, quiet=session.quiet)
    else:
        from flowstone.runner.progress_live import Live

        reporter = Live(sys.stderr, sys.stdout)
    try:
        yield reporter
    finally:
        reporter.close()


def _period(definition: TimePartitions) -> str:
    return {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}[definition.kind]


def _which_keys(project: Project, steps: Sequence[str], wanted: Sequence[Partitions]) -> str:
    lines = []
    for definition in wanted:
        if isinstance(definition, TimePartitions):
            names = [step for step in steps if project.steps[step].partitions == definition]
            until = f" before {str(definition.end).removesuffix('T00:00')}" if definition.end else ""
            some = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            lines.append(f"{definition.kind} from {definition.first().text}{until}: {some}")
    return "say which partitions to run: " + "; ".join(lines)


def _example(wanted: Sequence[Partitions]) -> str:
    finest = next(item for item in wanted if isinstance(item, TimePartitions))
    first = finest.first()
    later = finest.shift(first, 6)
    text = f"--partition {first.text}"
    return text if later is None else f"{text}, or --partitions {first.text}..{later.text}"
