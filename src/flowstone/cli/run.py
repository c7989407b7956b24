"""``flowstone run``."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

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
@click.option("-q", "--quiet", is_flag=True, help="Tell of failures only.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def run(
    executor: Literal["process", "thread", "inline"] | None,
    workers: int | None,
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

    found = ready(Wanted(**wanted))
    session = Session(
        asked=found.asked,
        executor=executor or found.settings.run.executor,
        workers=workers or found.settings.run.workers,
        manifest=write_manifest(found.workspace.compiled, found.settings),
        resume=_resume_command(),
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
    """The same command without ``--force``: what was made before the interruption is then reused."""
    import sys

    return shlex.join(["flowstone", *(argument for argument in sys.argv[1:] if argument != "--force")])
