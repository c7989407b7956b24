"""What the contract suite does with a manager, in its own process and in child processes.

As a command, ``python -m flowstone.testing.io_actions TASK``, it carries out one task given as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from flowstone.__about__ import __version__
from flowstone.io.contract import IOManager, Slot, Staged
from flowstone.io.record import Record
from flowstone.testing.io_samples import Sample

SAMPLES = "flowstone.testing.io_samples:SAMPLES"
"""Where the samples of the suite are."""
CRASHED = 77
"""Exit code of a child that was told to die."""


@dataclass(frozen=True)
class Task:
    """What a child does: store values of a sample one after the other, or print their data versions."""

    manager: str
    """``module:class``."""
    config: dict[str, Any]
    root: str
    samples: list[str]
    partition: str | None = None
    numbers: list[int] = field(default_factory=list)
    """Values to store; none to print the data version of the first of each sample."""
    crash_at: str | None = None
    """Step at which the child ends without any clean-up."""
    samples_from: str = SAMPLES
    """``module:name`` of the samples."""


def open_manager(manager_type: type[IOManager], config: dict[str, Any], root: Path) -> IOManager:
    """A manager named ``contract`` for the project in the folder."""
    return manager_type("contract", manager_type.Config.model_validate(config), root)


def dotted(manager: IOManager) -> str:
    """``module:class`` of a manager."""
    return f"{type(manager).__module__}:{type(manager).__qualname__}"


def slot_of(manager: IOManager, partition: str | None = None, asset: str = "shop.orders") -> Slot:
    """A slot without options."""
    return Slot(asset, partition, manager.AssetOptions())


def record_of(staged: Staged, run_id: str = "run") -> Record:
    """The record of a staged value, as the runtime would write it."""
    now = datetime.now(UTC)
    return Record(
        asset=staged.slot.asset,
        partition=staged.slot.partition,
        data_version=staged.data_version,
        code_version="sha256:0",
        config_version="sha256:0",
        run_id=run_id,
        engine="local",
        started_at=now,
        finished_at=now,
        size=staged.size,
        metadata={"content": staged.metadata, "user": {}},
        flowstone=__version__,
    )


def store(manager: IOManager, slot: Slot, value: Any) -> Record:
    """Stage and publish a value; what is staged is discarded if that fails."""
    staged = manager.stage(slot, value)
    record = record_of(staged)
    try:
        manager.publish(staged, record)
    except BaseException:
        manager.discard(staged)
        raise
    return record


def start(task: Task, **environment: str) -> subprocess.Popen[str]:
    """A child process that carries out the task."""
    command = [sys.executable, "-m", "flowstone.testing.io_actions", json.dumps(asdict(task))]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)  # noqa: S603


def _crash_at(step: str) -> Any:
    def reached(reached_step: str) -> None:
        if reached_step == step:
            os._exit(CRASHED)

    return reached


def _versions(manager: IOManager, samples: list[Sample]) -> dict[str, str]:
    found = {}
    for sample in samples:
        staged = manager.stage(slot_of(manager), sample.make(1))
        manager.discard(staged)
        found[sample.name] = staged.data_version
    return found


def main(argument: str) -> None:
    """Carry out a task given as JSON."""
    task = Task(**json.loads(argument))
    manager = open_manager(resolve_name(task.manager), task.config, Path(task.root))
    if task.crash_at is not None:
        manager.reached = _crash_at(task.crash_at)  # type: ignore[method-assign]
    samples = [sample for sample in resolve_name(task.samples_from) if sample.name in task.samples]
    for number in task.numbers:
        store(manager, slot_of(manager, task.partition), samples[0].make(number))
    if not task.numbers:
        sys.stdout.write(json.dumps(_versions(manager, samples)))


if __name__ == "__main__":
    main(sys.argv[1])
