"""The command line of a compiled job: what a script generated for the target ``local`` calls."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from flowstone.config.model import EXECUTORS
from flowstone.diagnostics.terminal import error_text
from flowstone.errors import ConfigurationError, FlowStoneError, UsageError
from flowstone.runner.exits import EXIT_FAILED
from flowstone.runner.prepare import Asked
from flowstone.runner.session import Session, carry_out
from flowstone.runtime.workspace import Workspace

EXIT_USAGE = 2


def main(manifest: Path, job: str, steps: Sequence[str], argv: Sequence[str] | None = None) -> int:
    """Run the steps of a job as the arguments say, and return the exit code."""
    arguments = _parser(job).parse_args(argv)
    try:
        workspace = Workspace.open(manifest)
        limit = workspace.project.jobs[job].concurrency if job in workspace.project.jobs else None
        if limit is not None:
            arguments.workers = min(arguments.workers, limit)
        return carry_out(workspace, _session(workspace, manifest, steps, arguments))
    except FlowStoneError as error:
        sys.stderr.write(error_text(error))
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED


def _session(workspace: Workspace, manifest: Path, steps: Sequence[str], arguments: argparse.Namespace) -> Session:
    chosen = set(steps)
    if unknown := chosen.difference(workspace.project.steps):
        raise ConfigurationError(
            f"the manifest has no step {', '.join(sorted(unknown))}",
            help="deploy the whole output of flowstone compile",
        )
    python = Path(sys.executable).name
    given = [argument for argument in sys.argv if argument != "--force"]
    return Session(
        asked=Asked(
            steps=tuple(step for step in workspace.project.steps if step in chosen),
            keys=(*arguments.partition, *arguments.partitions),
            force=arguments.force,
        ),
        executor=arguments.executor,
        workers=arguments.workers,
        manifest=manifest.absolute(),
        command=shlex.join([python, *sys.argv]),
        resume=shlex.join([python, *given]),
        dask=arguments.dask,
        ray=arguments.ray,
        quiet=arguments.quiet,
        output_format=arguments.output_format,
    )


def _parser(job: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"Run the job {job}.")
    parser.add_argument("--partition", action="append", default=[], metavar="KEY", help="a partition to run")
    parser.add_argument(
        "--partitions", action="append", type=_range, default=[], metavar="FIRST..LAST", help="a range to run"
    )
    parser.add_argument("--workers", type=_workers, default=os.cpu_count() or 1, help="how many run at once")
    parser.add_argument("--executor", choices=EXECUTORS, default="process")
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of the executor dask; default: a cluster here")
    parser.add_argument("--ray", metavar="ADDRESS", help="cluster of the executor ray; default: a cluster here")
    parser.add_argument("--force", action="store_true", help="run everything, also what is stored already")
    parser.add_argument("--quiet", action="store_true", help="tell of failures only")
    parser.add_argument("--output-format", choices=["text", "json", "jsonl"], default="text")
    return parser


def _workers(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _range(text: str) -> str:
    if ".." not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no range such as {text}..{text}")
    return text
