"""``flowstone compile``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of, sound_project
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.cli.output import Change
    from flowstone.config import Settings
    from flowstone.frontend import Loaded
    from flowstone.targets.contract import Rendered


@click.command("compile")
@click.option("--target", required=True, metavar="airflow|prefect|local", help="What to generate code for.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="build/TARGET in the project",
    help="Folder to write to.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 with a diff if the folder is not up to date.")
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite and remove files that were edited by hand or made of another project or target, too.",
)
@project_options
def compile_(target: str, output: Path | None, check: bool, force: bool, project: Path, profile: str | None) -> None:
    """Generate code for an engine.

    Files in the output folder that were generated before and are no longer needed are removed. Files that somebody
    edited are neither overwritten nor removed without --force, nor are those of another project or target.
    """
    from flowstone.cli.output import changes, others, write

    settings = settings_of(project, profile)
    target = _generated(target)
    folder = (output or settings.output_folder(target)).resolve()
    rendered = render(settings, sound_project(settings), target, folder)
    found = changes(folder, rendered)
    if check:
        _report_stale(folder, found)
        return
    foreign = others(found)
    if foreign and not force:
        hint = "give each project and target a folder of its own by -o, or let --force replace it; nothing was written"
        raise UsageError(f"{folder} holds what was compiled from the {' and the '.join(foreign)}", help=hint)
    edited = [change for change in found if change.edited]
    if edited and not force:
        _report_edited(folder, edited)
    write(folder, found)
    _report_written(folder, rendered, found)


def _generated(text: str) -> str:
    """The name of the target. Errors: ConfigurationError for one that there is not, UsageError for another version."""
    from flowstone.targets.versions import choose

    chosen = choose(text)
    if not chosen.is_generated_for:
        hint = f"flowstone check --target {chosen.title} tells what {chosen.title} cannot do"
        raise UsageError(f"code is generated for {chosen.newest.title} only", help=hint)
    return chosen.target.name


def render(settings: Settings, loaded: Loaded, target: str, folder: Path) -> Rendered:
    """Generated files of a sound project; findings of the target are printed and exit 1.

    Errors: ConfigurationError for an unknown target or template folder.
    """
    from flowstone.checks.engine import placed, subject_of
    from flowstone.diagnostics.diagnostic import Severity
    from flowstone.diagnostics.render_text import render_text
    from flowstone.registry import target as load_target
    from flowstone.targets.contract import RenderOptions
    from flowstone.targets.own_templates import demand_templates

    chosen = load_target(target)
    refusals = placed(chosen.check(loaded.project), subject_of(loaded, settings))
    findings = sorted(refusals, key=lambda finding: finding.sort_key)
    if findings:
        click.echo(render_text(findings, loaded.sources), err=True, nl=False)
    if any(finding.severity is Severity.ERROR for finding in findings):
        click.echo(f"Nothing was written: {target} cannot do this.", err=True)
        raise SystemExit(EXIT_FINDINGS)
    own = settings.root / settings.templates if settings.templates else None
    if own is not None:
        demand_templates(own)
    options = RenderOptions(project_root=_way_back(folder, settings.root), template_folder=own)
    rendered: Rendered = chosen.render(loaded.project, options)
    return rendered


def _way_back(folder: Path, root: Path) -> str | None:
    """From the output folder to the project's; None if it lies outside: the way would tell of this machine."""
    root = root.resolve()
    return Path(os.path.relpath(root, folder)).as_posix() if folder.is_relative_to(root) else None


def _report_edited(folder: Path, edited: list[Change]) -> NoReturn:
    for change in edited:
        obsolete = ", and nothing generates it any more" if change.new is None else ""
        click.echo(f"error: {folder / change.path} was edited by hand{obsolete}", err=True)
    click.echo(
        "  help: move the change into the assets, or let --force overwrite or remove it. Nothing was written.", err=True
    )
    raise SystemExit(EXIT_FINDINGS)


def _report_stale(folder: Path, found: list[Change]) -> None:
    for change in found:
        click.echo(change.diff(), nl=False)
    if found:
        names = ", ".join(change.path for change in found)
        click.echo(f"{folder} is not up to date: {names}", err=True)
        raise SystemExit(EXIT_FINDINGS)
    click.echo(f"{folder} is up to date.", err=True)


def _report_written(folder: Path, rendered: Rendered, found: list[Change]) -> None:
    for change in found:
        verb = "removed" if change.new is None else "wrote"
        click.echo(f"{verb} {change.path}")
    removed = sum(change.new is None for change in found)
    same = len(rendered.files) - (len(found) - removed)
    click.echo(f"{folder}: {len(found) - removed} written, {same} unchanged, {removed} removed", err=True)
