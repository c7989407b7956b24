"""``flowstone run``."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from flowstone.cli.resume import resumed
from flowstone.cli.wanted import Wanted, ready, wanted_options

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.ir.project import Project


@click.command("run")
@wanted_options
@click.option(
    "--executor",
    type=click.Choice(["process", "thread", "inline"]),
    help="Where functions run: worker processes, threads, or one after the other. Default: the configuration's.",
)
@click.option("--workers", type=click.IntRange(min=1), help="How many run at once. Default: the configuration's.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Go on with a run that was interrupted or has failed; default: the last one.",
)
@click.option("--show-output", is_flag=True, help="Show what functions print while they run.")
@click.option("-q", "--quiet", is_flag=True, help="Tell of failures only.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def run(
    executor: Literal["process", "thread", "inline"] | None,
    workers: int | None,
    resume: str | None,
    show_output: bool,
    quiet: bool,
    output_format: Literal["text", "json"],
    **wanted: Any,
) -> None:
    """Run the assets that SELECTION means (default: all), each after what it needs.

    What is stored already, made by the same code from the same inputs with the same configuration, is reused;
    ``flowstone plan`` shows beforehand what that is. When an asset fails, what needs it is skipped, everything else
    still runs, and the exit code is 1.
    """
    from flowstone.runner.session import Session, carry_out

    found, earlier = (ready(Wanted(**wanted)), None) if resume is None else resumed(Wanted(**wanted), resume)
    session = Session(
        asked=found.asked,
        executor=executor or found.settings.run.executor,
        workers=workers or found.settings.run.workers,
        manifest=write_manifest(found.workspace.compiled, found.settings),
        command=shlex.join(["flowstone", *sys.argv[1:]]),
        resume=_resume_command(),
        resumes=None if earlier is None else earlier.id,
        show_output=show_output,
        quiet=quiet,
        output_format=output_format,
    )
    raise SystemExit(carry_out(found.workspace, session))


def write_manifest(project: Project, settings: Settings) -> Path:
    """Write the manifest that worker processes read, and return its path. Errors: UsageError if that fails."""
    from flowstone.ir.manifest import make_manifest

    manifest = make_manifest(project, None)
    folder = settings.cache_folder / "manifests"
    path = folder / f"{manifest.digest.removeprefix('sha256:')}.json"
    if not path.exists():
        _write(path, manifest.text())
    return path


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
