"""How a run is carried out, in the same words for every command that runs something."""

from __future__ import annotations

import os
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
    from flowstone.config import Settings
    from flowstone.ir.project import Project


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
    path = write_manifest(opened.workspace.compiled, opened.settings)
    if opened.keep is not None:
        opened.keep(path)
    return path


def write_manifest(project: Project, settings: Settings, name: str | None = None) -> Path:
    """Write the manifest that worker processes read, and return its path. Errors: UsageError if that fails.

    One with a name is nobody else's: whoever has it written may remove it.
    """
    from flowstone.ir.manifest import make_manifest

    manifest = make_manifest(project, None)
    folder = settings.cache_folder / "manifests"
    path = folder / f"{name or manifest.digest.removeprefix('sha256:')}.json"
    text = manifest.text()
    if not _has(path, text):
        _write(path, text)
    return path


def _has(path: Path, text: str) -> bool:
    """Whether a file has a text: one that a power cut has torn is written anew."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    from flowstone.errors import UsageError

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _resume_command() -> str:
    """The same command; a forced run is resumed, so that what it has made is not made once more."""
    if "--force" not in sys.argv:
        return shlex.join(["flowstone", *sys.argv[1:]])
    return "flowstone run --resume"
