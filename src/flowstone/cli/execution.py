"""How a run is carried out, in the same words for every command that runs something."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec import Struct

if TYPE_CHECKING:
    from flowstone.cli.wanted import Opened, Ready


class Execution(Struct, frozen=True):
    """The values of the options."""

    executor: Literal["process", "thread", "inline", "dask", "ray"] | None
    workers: int | None
    show_output: bool
    quiet: bool
    output_format: Literal["text", "json", "jsonl"]


def execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a run, which the command receives as ``execution``."""

    @wraps(command)
    def called(*arguments: Any, **more: Any) -> Any:
        values = {name: more.pop(name) for name in Execution.__struct_fields__}
        return command(*arguments, execution=Execution(**values), **more)

    options = (
        click.option(
            "--executor",
            type=click.Choice(["process", "thread", "inline", "dask", "ray"]),
            help="Where functions run: worker processes, threads, one after the other, or a cluster of Dask or Ray. "
            "Default: the configuration's.",
        ),
        click.option(
            "--workers", type=click.IntRange(min=1), help="How many run at once. Default: the configuration's."
        ),
        click.option("--show-output", is_flag=True, help="Show what functions print while they run."),
        click.option("-q", "--quiet", is_flag=True, help="Tell of failures only."),
        click.option(
            "--output-format",
            type=click.Choice(["text", "json", "jsonl"]),
            default="text",
            show_default=True,
            help="json: one document at the end; jsonl: a line for each event, at once.",
        ),
    )
    for option in reversed(options):
        called = option(called)
    return called


def carry_out(found: Ready, execution: Execution, resumes: str | None = None) -> int:
    """Run what is ready, and return the exit code. Errors: as ``runner.session.carry_out``."""
    from flowstone.runner import session

    settings = found.opened.settings
    return session.carry_out(
        found.workspace,
        session.Session(
            asked=found.asked,
            executor=execution.executor or settings.run.executor,
            workers=execution.workers or settings.run.workers,
            dask=settings.run.dask,
            ray=settings.run.ray,
            manifest=found.opened.manifest or _written_manifest(found.opened),
            command=shlex.join(["flowstone", *sys.argv[1:]]),
            resume=_resume_command(),
            resumes=resumes,
            show_output=execution.show_output,
            quiet=execution.quiet,
            output_format=execution.output_format,
        ),
    )


def _written_manifest(opened: Opened) -> Path:
    from flowstone.cli.manifests import write_manifest

    path = write_manifest(opened.workspace.compiled, opened.settings)
    if opened.keep is not None:
        opened.keep(path)
    return path


def _resume_command() -> str:
    """The same command; a forced run is resumed, so that what it has made is not made once more."""
    if "--force" not in sys.argv:
        return shlex.join(["flowstone", *sys.argv[1:]])
    return "flowstone run --resume"
