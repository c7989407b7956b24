"""``flowstone conformance``."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of, sound_project
from flowstone.errors import FlowStoneError, UsageError

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.conformance.compare import Stored
    from flowstone.conformance.engines import Engine
    from flowstone.dsl.partitions import PartitionKey
    from flowstone.frontend import Loaded
    from flowstone.ir.project import Project
    from flowstone.runtime.workspace import Workspace

ENGINES = ("local", "airflow", "prefect")


@click.command("conformance")
@click.option("--job", "jobs", multiple=True, metavar="NAME", help="Only this job (may be given again). Default: all.")
@click.option("--partition", "keys", multiple=True, metavar="KEY", help="A partition to run (may be given again).")
@click.option("--partitions", "ranges", multiple=True, metavar="A..B", help="A range of partitions to run.")
@click.option(
    "--signal",
    "signals",
    type=(str, str),
    multiple=True,
    metavar="TOKEN JSON",
    help="An answer that a gate finds when it asks (may be given again).",
)
@click.option("--engine", "engines", multiple=True, type=click.Choice(ENGINES), help="Only these. Default: all three.")
@click.option("--airflow-python", envvar="FLOWSTONE_AIRFLOW_PYTHON", metavar="PATH", help="Python that has Airflow.")
@click.option("--prefect-python", envvar="FLOWSTONE_PREFECT_PYTHON", metavar="PATH", help="Python that has Prefect.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for what the engines store and print."
)
@project_options
def conformance(
    jobs: tuple[str, ...],
    keys: tuple[str, ...],
    ranges: tuple[str, ...],
    signals: tuple[tuple[str, str], ...],
    engines: tuple[str, ...],
    airflow_python: str | None,
    prefect_python: str | None,
    keep: Path | None,
    project: Path,
    profile: str | None,
) -> None:
    """Run the same jobs and partitions on the local runner, on Airflow and on Prefect, and compare what they store.

    Airflow and Prefect cannot be installed together, so each is run by an interpreter of its own. Each has places
    of its own, whatever is configured: stores of files, also those at URLs, and files of DuckDB lie below the
    folder; in Postgres it has a schema, which is removed at the end. Keys that only registries of dynamic
    partitions can have are added to these first, and signals are sent on each engine before it runs. What engines
    share all the same, as by an asset's own schema, is told as a difference. Exit 1 if an engine fails, or if any
    stored file or record differs.
    """
    from flowstone.conformance.engines import Engine, own_python
    from flowstone.ir.registries import with_registries

    settings = settings_of(project, profile)
    loaded = sound_project(settings)
    pythons = {"local": own_python(), "airflow": airflow_python, "prefect": prefect_python}
    chosen = {name: _demanded(name, pythons[name]) for name in engines or ENGINES}
    chosen_jobs = _ordered_jobs(loaded.project, jobs)
    seeds = _seeds(loaded.project, chosen_jobs, [*keys, *ranges])
    texts = _texts(with_registries(loaded.project, seeds), chosen_jobs, [*keys, *ranges])
    folder = (keep or settings.home / "conformance").resolve()
    _make_empty(folder)
    results = []
    for name, python in chosen.items():
        engine = Engine(name, python, folder / name)
        engine.folder.mkdir()
        began = time.perf_counter()
        results.append(run_engine(engine, settings, loaded, chosen_jobs, texts, seeds, signals))
        click.echo(
            f"{name}: {len(results[-1].records)} materializations in {time.perf_counter() - began:.1f} s", err=True
        )
    _report(loaded.project, chosen_jobs, results)


def _demanded(engine: str, python: str | None) -> str:
    """The interpreter of an engine. Errors: UsageError if it is not known."""
    if python is None:
        raise UsageError(
            f"which Python has {engine.title()}?",
            help=f"give --{engine}-python or set FLOWSTONE_{engine.upper()}_PYTHON",
        )
    return python


def _make_empty(folder: Path) -> None:
    """Make the folder, without what an earlier call left in it. Errors: UsageError if it holds something else."""
    marker = folder / "conformance.txt"
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            raise UsageError(f"{folder} is not empty", help="give an empty folder to --keep")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("Written by flowstone conformance, which deletes this folder.\n")


def _ordered_jobs(project: Project, wanted: Sequence[str]) -> list[str]:
    """Jobs, each behind those whose assets it reads as far as that is possible."""
    for name in wanted:
        if name not in project.jobs:
            from flowstone.diagnostics.suggest import did_you_mean

            raise UsageError(f"there is no job {name!r}", help=did_you_mean(name, project.jobs))
    position = {step: index for index, step in enumerate(project.steps)}
    chosen = [job for job in project.jobs.values() if not wanted or job.name in wanted]
    chosen.sort(key=lambda job: max((position[step] for step in job.steps), default=0))
    return [job.name for job in chosen]


def _texts(project: Project, jobs: Sequence[str], given: Sequence[str]) -> list[str]:
    """The keys that were asked for, ranges expanded. Errors: UsageError for a text that is no key."""
    from flowstone.dsl.partitions import PartitionKeyError
    from flowstone.ir.run_keys import explicit_keys

    steps = [step for job in jobs for step in project.jobs[job].steps]
    try:
        explicit = explicit_keys(project, steps, given)
    except (PartitionKeyError, ValueError) as error:
        raise UsageError(str(error)) from error
    return list(dict.fromkeys(key.text for keys in explicit.values() for key in keys))


def _seeds(project: Project, jobs: Sequence[str], given: Sequence[str]) -> dict[str, list[PartitionKey]]:
    """The keys that each registry has from the beginning: all that were given and that no other partitions have."""
    from flowstone.dsl.dynamic_partitions import dynamic_key
    from flowstone.dsl.partitions import DynamicPartitions
    from flowstone.ir.run_keys import axes_of, definitions, keys_of

    steps = [step for job in jobs for step in project.jobs[job].steps]
    every = (*axes_of(project, steps), *definitions(project, steps))
    others = [item for item in every if not isinstance(item, DynamicPartitions)]
    plain = [text for text in given if not any(keys_of(item, [text]) for item in others)]
    return {name: [dynamic_key(text) for text in plain] for name in project.registries}


def run_engine(
    engine: Engine,
    settings: Settings,
    loaded: Loaded,
    jobs: Sequence[str],
    keys: Sequence[str],
    seeds: Mapping[str, Sequence[PartitionKey]],
    signals: Sequence[tuple[str, str]] = (),
) -> Stored:
    """Run jobs on an engine, with keys in its registries and answers for its gates; what it stored.

    Errors: EngineFailedError, StorageError, UsageError for a signal that cannot be sent.
    """
    from flowstone.cli.compile import render
    from flowstone.cli.output import changes, write
    from flowstone.cli.signal import send
    from flowstone.conformance.compare import stored
    from flowstone.conformance.engines import run_compiled, run_local
    from flowstone.runtime.registry import Registry
    from flowstone.runtime.run import Run
    from flowstone.runtime.workspace import Workspace

    project = loaded.project
    workspace = Workspace(project, settings.root, engine.environment(project, settings.root, os.environ))
    try:
        for name, found in seeds.items():
            Registry(workspace, name).add(found, Run("conformance", "local"))
        for token, payload in signals:
            send(workspace, token, payload)
        if engine.name == "local":
            steps = list(dict.fromkeys(step for job in jobs for step in project.jobs[job].steps))
            run_local(engine, project, settings.root, steps, keys, os.environ)
        else:
            write(engine.output, changes(engine.output, render(settings, loaded, engine.name, engine.output)))
            run_compiled(engine, project, settings.root, jobs, keys, os.environ)
        result = stored(engine.name, workspace, engine.folder / "data")
    except BaseException:
        with suppress(FlowStoneError):  # the first error is the one to tell of
            _tidy(engine, workspace)
        raise
    _tidy(engine, workspace)
    return result


def _tidy(engine: Engine, workspace: Workspace) -> None:
    """Remove what the run has stored outside of the folder. Errors: StorageError, ConfigurationError."""
    for name in workspace.project.io_managers:
        workspace.manager(name).remove_apart(engine.mark_of(name))


def _report(project: Project, jobs: Sequence[str], results: Sequence[Stored]) -> None:
    from flowstone.conformance.compare import counts, differences, missing_assets

    certain = [step for job in jobs for step in project.jobs[job].steps if step not in project.routes]
    wanted = [asset for step in certain for asset in project.steps[step].outputs.values()]
    first = results[0]
    found = [difference for other in results[1:] for difference in differences(first, other)]
    lacking = missing_assets(wanted, first)
    for asset, (partitions, size) in counts(first.records).items():
        click.echo(f"{asset:<32} {partitions:>6} stored {size:>14,} bytes")
    for difference in found:
        click.echo(f"DIFFERENT {difference.where}: {difference.what}")
    for asset in lacking:
        click.echo(f"MISSING {asset}: nothing was stored, so nothing could be compared")
    if found or lacking:
        raise SystemExit(EXIT_FINDINGS)
    engines = ", ".join(result.engine for result in results)
    click.echo(f"{engines}: {len(first.files)} files and {len(first.records)} records are identical")
