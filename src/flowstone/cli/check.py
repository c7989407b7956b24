"""``flowstone check``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.diagnostics.diagnostic import Diagnostic

FORMATS = ("text", "json", "sarif", "github")


@click.command("check")
@project_options
@click.option("--select", multiple=True, metavar="CODES", help="Show only these: codes or their beginnings, as FS3.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not show these, where that is possible.")
@click.option("--strict", is_flag=True, help="Ask for annotations everywhere.")
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print findings only, no summary.")
@click.option("--no-cache", is_flag=True, help="Read and check everything anew.")
def check(
    project: Path,
    profile: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    output_format: str,
    quiet: bool,
    no_cache: bool,
) -> None:
    """Find mistakes in the project without running or importing any of its code.

    Findings go to stdout, the summary to stderr. Exits 1 if there are errors or warnings. The options --select and
    --ignore replace those of the configuration. What cannot be carried out at all is never ignored.
    """
    from flowstone.checks.selection import selection
    from flowstone.cli.sources import SourceFiles
    from flowstone.diagnostics.diagnostic import Severity

    with _no_collection():
        settings = settings_of(project, profile)
        shown = selection(select or settings.select, ignore or settings.ignore, strict=strict)
        found, assets = _find(settings, use_cache=not no_cache)
    findings = shown.filter(found)
    _print(findings, SourceFiles(settings.root), output_format, _prefix(settings.root))
    if not quiet:
        _print_summary(findings, assets)
    if any(finding.severity is not Severity.INFO for finding in findings):
        raise SystemExit(EXIT_FINDINGS)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Libraries, syntax trees and IR stay to the end: looking for garbage among them takes a tenth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()
            gc.enable()


def _find(settings: Settings, *, use_cache: bool) -> tuple[Sequence[Diagnostic], int]:
    """All findings, whatever is selected, and the number of assets."""
    from flowstone.cli.check_cache import CheckCache

    cache = CheckCache(settings)
    known = cache.get() if use_cache else None
    if known is not None:
        return known.diagnostics, known.assets
    from flowstone.checks import find_all
    from flowstone.frontend import load

    part = cache.reload() if use_cache else None
    loaded = part or load(settings, fingerprints=False)
    _keep(loaded)
    findings, assets = find_all(loaded, settings), len(loaded.project.assets)
    if use_cache:
        cache.put(loaded.sources, findings, assets)
        if part is None:
            cache.put_project(loaded)
    return findings, assets


def _keep(value: object) -> None:
    """Never take a value apart: the end of the process does that at once. ``gc.freeze`` hides the circle."""
    circle: list[object] = [value]
    circle.append(circle)


def _prefix(root: Path) -> str:
    """What leads from the current folder to the project's: paths are printed so that editors can open them."""
    way = os.path.relpath(root.resolve())
    return "" if way == "." else f"{Path(way).as_posix()}/"


def _print(findings: Sequence[Diagnostic], sources: Mapping[str, str], output_format: str, prefix: str) -> None:
    if output_format == "text":
        _print_text(findings, sources, prefix)
    elif output_format == "json":
        from flowstone.diagnostics.render_json import render_json

        click.echo(render_json(findings), nl=False)
    elif output_format == "sarif":
        from flowstone.checks.catalog import all_rules
        from flowstone.diagnostics.render_sarif import render_sarif

        click.echo(render_sarif(findings, all_rules()), nl=False)
    else:
        from flowstone.diagnostics.render_github import render_github

        click.echo(_encodable(render_github(findings, prefix=prefix)), nl=False)


def _print_text(findings: Sequence[Diagnostic], sources: Mapping[str, str], prefix: str) -> None:
    from flowstone.diagnostics.render_text import pieces, render_text

    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        click.echo(_encodable(render_text(findings, sources, prefix=prefix)), nl=False)
        return
    from rich.console import Console
    from rich.text import Text

    styled = [(_encodable(text), style) for text, style in pieces(findings, sources, prefix=prefix)]
    Console(highlight=False, soft_wrap=True).print(Text.assemble(*styled), end="")


def _encodable(text: str) -> str:
    """The text with everything escaped that the terminal's encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _print_summary(findings: Sequence[Diagnostic], assets: int) -> None:
    from flowstone.diagnostics.render_text import counted, summary

    if findings:
        text = f"{summary(findings)}."
    elif assets > 1:
        text = f"All {counted(assets, 'asset')} fine."
    else:
        text = "The asset is fine." if assets else "There are no assets."
    click.echo(text, err=True)
