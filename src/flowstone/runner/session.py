"""One run as a command carries it out: from selected steps and keys to an exit code."""

from __future__ import annotations

import gc
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Literal

from flowstone.config.environment import state_folder
from flowstone.config.model import Executor
from flowstone.diagnostics.terminal import printable
from flowstone.ir.light_pydantic import without_plugins
from flowstone.runner.execute import Options, execute
from flowstone.runner.exits import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED
from flowstone.runner.forecast import Forecast
from flowstone.runner.history.alive import living
from flowstone.runner.history.database import faults
from flowstone.runner.history.history import Beginning, History, Journal
from flowstone.runner.history.past import Past
from flowstone.runner.interrupts import Interrupts, Terminated
from flowstone.runner.outlook import Outlook
from flowstone.runner.plan import Task
from flowstone.runner.prepare import Asked, prepare_run, without_key
from flowstone.runner.progress import Lines, Reporter
from flowstone.runner.progress_json import JsonDocument
from flowstone.runner.progress_lines import JsonLines
from flowstone.runner.results_stream import results_alone
from flowstone.runner.summary import Summary
from flowstone.runtime.registry import new_keys
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace

LOGS = "logs"
"""Where what functions print is kept, in the state folder, in a folder for each run."""
SLOTS = "limits"
"""Where the slots of limits are, in the state folder."""
_NEW_OBJECTS = 50_000
"""After so many the garbage collector looks; a small asset makes about a hundred."""
KEPT_LOGS = 50
"""Runs whose logs are kept."""


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
    run_id: str | None = None
    """The id of the run; None: a new one."""
    dask: str | None = None
    """Address of the scheduler of the executor ``dask``; None: a cluster on this machine."""
    ray: str | None = None
    """Address of the cluster of the executor ``ray``; None: one on this machine."""
    show_output: bool = False
    quiet: bool = False
    output_format: Literal["text", "json", "jsonl"] = "text"


def carry_out(workspace: Workspace, session: Session) -> int:
    """Run, tell about it, and return the exit code.

    Errors: UsageError if keys are missing or wrong, if nothing is to be done, or if the configuration is wrong.
    """
    with _frozen():
        with _planning():
            planned = prepare_run(workspace, session.asked)
        return _carry_out(workspace, session, planned)


@contextmanager
def _planning() -> Iterator[None]:
    """Keep the garbage collector off: a plan is many objects, all of which stay, and no user code is called for it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with without_plugins():
            yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def _frozen() -> Iterator[None]:
    """Keep the garbage collector from searching the project and the plan again and again, which takes longer than small
    assets: what is there is left alone, and what is new is looked through less often.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _carry_out(workspace: Workspace, session: Session, planned: Forecast) -> int:
    if not planned.plan.tasks:
        print("nothing to do", file=sys.stderr)  # noqa: T201
        if session.output_format != "text":  # who reads it waits for an answer
            with _reporter(session, None) as reporter:
                reporter.begin(planned.plan)
                reporter.end(Summary())
        return 0
    run_id = session.run_id or new_run_id()
    home = state_folder(workspace.root, workspace.environment)
    _forget(home / LOGS)
    options = Options(
        run_id=run_id,
        continues=session.asked.continues,
        executor=session.executor,
        workers=session.workers,
        manifest=session.manifest,
        logs=home / LOGS / run_id,
        dask=session.dask,
        ray=session.ray,
        slots=home / SLOTS,
        show_output=session.show_output,
    )
    interrupts = Interrupts()
    beginning = Beginning(run_id, session.command, session.asked.to_json(), workspace.project.profile, session.resumes)
    with (
        _recorded(home, beginning, planned, workspace) as (journal, past),
        interrupts.installed(),
        _reporter(session, run_id, lambda: _outlook(planned, past)) as reporter,
    ):
        try:
            for text in without_key(workspace.project, planned.plan):
                reporter.note(text)
            summary = execute(planned, workspace, options, reporter, journal, interrupts, past)
        except KeyboardInterrupt as interruption:
            journal.end("interrupted")
            reporter.close()
            print(f"interrupted; to go on: {session.resume}", file=sys.stderr)  # noqa: T201
            return EXIT_TERMINATED if isinstance(interruption, Terminated) else EXIT_INTERRUPTED
        # A run that waits can be resumed, as one that was interrupted.
        journal.end("failed" if not summary.ok else "interrupted" if summary.waiting else "done")
        _tell_of_waiting(workspace, summary, session)
        if summary.total("materialized") and not session.quiet:
            _tell_of_new_keys(workspace)
    return 0 if summary.ok else EXIT_FAILED


def _tell_of_waiting(workspace: Workspace, summary: Summary, session: Session) -> None:
    for task in summary.waiting:
        print(f"waiting: {_answer(workspace, task)}; to go on: {session.resume}", file=sys.stderr)  # noqa: T201


def _answer(workspace: Workspace, task: Task) -> str:
    """The command that a task waits for."""
    step = workspace.project.steps[task.step]
    if step.gate is not None:
        (asset,) = step.outputs.values()
        wait = signals_of(workspace).waiting((asset, task.partition))
        token = "TOKEN" if wait is None else printable(shlex.quote(workspace.hide(wait.token)))
        return f"flowstone signal {'-- ' if token.startswith('-') else ''}{token}"
    place = task.step if task.partition is None else f"{task.step} --partition {task.partition}"
    return f"flowstone approve {place}, or reject"


def _tell_of_new_keys(workspace: Workspace) -> None:
    """A run makes the partitions of its beginning: who added to a registry in it has to know."""
    for name, count in new_keys(workspace).items():
        what = f"{count:,} new key{'s' * (count != 1)}"
        print(f"the registry {name!r} has {what}: a new run makes the partitions", file=sys.stderr)  # noqa: T201


@contextmanager
def _recorded(
    home: Path, beginning: Beginning, planned: Forecast, workspace: Workspace
) -> Iterator[tuple[Journal, Past]]:
    """A run that is in the history for as long as it lives. Errors: StateError, RunConflictError."""
    with ExitStack() as stack:
        history = stack.enter_context(History(home))
        with faults(history.locks):
            stack.enter_context(living(history.locks, beginning.id))
        past = Past(history, beginning.id, beginning.profile, beginning.asked["steps"])
        lasting = any(manager.traits.durable for manager in workspace.managers_in_use)
        yield history.begin(beginning, planned, lasting=lasting), past


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


def _outlook(planned: Forecast, past: Past) -> Outlook:
    """How long the run will take, by what its functions took before. Errors: StateError."""
    expected = (item.task for item in planned.expectations if item.action != "reuse")
    return Outlook(expected, past.of_steps(), time.monotonic())


@contextmanager
def _reporter(session: Session, run_id: str | None, outlook: Callable[[], Outlook] = Outlook) -> Iterator[Reporter]:
    if session.output_format != "text":
        with results_alone(sys.stdout) as results:
            kind = JsonDocument if session.output_format == "json" else JsonLines
            yield kind(results, run_id)
        return
    reporter: Reporter
    if session.quiet or not sys.stderr.isatty():
        reporter = Lines(sys.stderr, sys.stdout, quiet=session.quiet)
    else:
        from flowstone.runner.progress_live import Live

        reporter = Live(sys.stderr, sys.stdout, outlook())
    try:
        yield reporter
    finally:
        reporter.close()
