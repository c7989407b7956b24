"""``flowstone dev``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.common import project_options
from flowstone.cli.dev_project import Reading, shown
from flowstone.errors import MissingExtraError, StateError
from flowstone.runner.exits import EXIT_INTERRUPTED, EXIT_TERMINATED

if TYPE_CHECKING:
    from flowstone.dev.desk import Desk
    from flowstone.dev.office import Office
    from flowstone.dev.told import Teller

_EXITS = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}


@click.command("dev")
@click.argument("jobs", nargs=-1)
@click.option(
    "--as",
    "engine",
    type=click.Choice(["airflow", "prefect"]),
    help="Whose rule tells when schedules fire on days when clocks are changed. Default: the configured target's, else "
    "airflow.",
)
@click.option("--no-watch", is_flag=True, help="Keep to the project as it is now, whatever happens to its files.")
@click.option("--dry-run", is_flag=True, help="Show what would be started and when, and start nothing.")
@click.option("--output-format", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@project_options
def dev(
    jobs: tuple[str, ...],
    engine: str | None,
    no_watch: bool,
    dry_run: bool,
    output_format: str,
    project: Path,
    profile: str | None,
) -> None:
    """Run JOBS (default: all) as an engine would: by their schedules, by sensors, and after what they follow was made.

    Runs are those of the local runner. When a file changes, the project is checked; findings are shown, and as long as
    there are errors the schedules of the last sound state go on. What was missed while nothing ran is not made up for.
    Whatever ends the command, the same command goes on: no firing and no request of a sensor is started twice.
    """
    from flowstone.dev.told import Teller

    reading = Reading(project, profile, jobs, engine, as_json=output_format == "jsonl")
    tell = Teller(sys.stdout, lambda: datetime.now(UTC), as_json=reading.as_json)
    if dry_run:
        project_now = reading.sound()
        for line in shown(project_now, reading.jobs, reading.engine, datetime.now(UTC)):
            click.echo(line)
        return
    raise SystemExit(_open(reading, tell, is_watching=not no_watch))


def _open(reading: Reading, tell: Teller, *, is_watching: bool) -> int:
    """Work until somebody wants it to stop, and return the exit code.

    Errors: StateError if another one works, or if the state folder is no longer there.
    """
    from flowstone.dev.desk import Desk
    from flowstone.dev.lock import only_one
    from flowstone.dev.office import Office
    from flowstone.dev.store import Store
    from flowstone.runner.session import new_run_id

    changes = _changes(reading) if is_watching else None
    taken = reading.sound()
    home = reading.settings.home
    with only_one(home) as is_alone, Store(home, reading.settings.profile, new_run_id) as store:
        office = Office(reading.means(), tell)
        desk = office.desk = Desk(store, office, tell, reading.engine, office.questions.open)
        _take(office, desk, reading, taken)
        _recall(office, desk)
        tell("ready", _ready(reading, taken), jobs=list(reading.jobs), as_=reading.engine)
        with _signals(office) as asked, _watched(changes, lambda: office.later(lambda: _again(office, desk, reading))):
            office.open(lambda: bool(asked) or not is_alone())
        if not asked:
            raise StateError(f"{home} was removed or replaced while flowstone dev ran", help="start it again")
        return _EXITS[asked[0]]


def _take(office: Office, desk: Desk, reading: Reading, project: Any) -> None:
    office.take(project)
    desk.take(project, reading.jobs, datetime.now(UTC), monotonic())


def _recall(office: Office, desk: Desk) -> None:
    """Take up what an earlier process has left behind."""
    for start in desk.recall(lambda item: office.came_to(item)[0] is not None):
        status, made = office.came_to(start)
        office.over(start, status or "failed", made)


def _again(office: Office, desk: Desk, reading: Reading) -> None:
    """Check the project once more, and go by it if it is sound."""
    project = reading.again()
    if project is not None:
        office.means = reading.means()
        _take(office, desk, reading, project)
        office.tell("taken", f"the project is sound: {_ready(reading, project)}", jobs=list(reading.jobs))
    else:
        office.tell("kept", "the project has errors: the last sound state goes on")


def _ready(reading: Reading, project: Any) -> str:
    jobs = len(reading.jobs)
    sensors = sum(item.job in reading.jobs for item in project.sensors.values())
    return f"{jobs:,} job{'s' * (jobs != 1)}, {sensors:,} sensor{'s' * (sensors != 1)}; Ctrl-C ends"


@contextmanager
def _signals(office: Office) -> Iterator[list[signal.Signals]]:
    """The first SIGINT or SIGTERM lets what runs end, the second ends it at once."""
    asked: list[signal.Signals] = []

    def receive(number: int, _frame: FrameType | None) -> None:
        if asked:
            office.kill()
        asked.append(signal.Signals(number))
        office.later(lambda: None)

    before = {number: signal.signal(number, receive) for number in _EXITS}
    try:
        with _woken(office):
            yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _woken(office: Office) -> Iterator[None]:
    """Let each signal wake the loop: one that comes as it begins to wait would else be seen when it has waited."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wake() -> None:
        with os.fdopen(reading, "rb", buffering=0) as numbers:
            while numbers.read(1):
                office.later(lambda: None)

    thread = threading.Thread(target=wake, daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()


def _changes(reading: Reading) -> Any:
    """What tells of changes, in batches. Errors: MissingExtraError."""
    try:
        import watchfiles
    except ImportError:
        raise MissingExtraError("flowstone dev without --no-watch", "watch") from None
    from flowstone.cli.watch import project_files

    root = reading.settings.root
    fits = project_files(root)
    stop = threading.Event()
    found = watchfiles.watch(
        root, watch_filter=lambda _, path: fits(path), stop_event=stop, ignore_permission_denied=True, rust_timeout=500
    )
    return found, stop


@contextmanager
def _watched(changes: Any, changed: Any) -> Iterator[None]:
    """Have something called after every change."""
    if changes is None:
        yield
        return
    found, stop = changes

    def watch() -> None:
        for _ in found:
            changed()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
