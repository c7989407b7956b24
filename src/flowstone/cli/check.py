"""``flowstone check``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of
from flowstone.cli.report import FORMATS, Report

if TYPE_CHECKING:
    from flowstone.cli.check_cache import CheckResult
    from flowstone.cli.stdin_file import StdinFile
    from flowstone.config import Settings
    from flowstone.diagnostics.diagnostic import Diagnostic


@click.command("check")
@project_options
@click.option("--select", multiple=True, metavar="CODES", help="Show only these: codes or their beginnings, as FS3.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not show these, where that is possible.")
@click.option("--strict", is_flag=True, help="Ask for annotations everywhere.")
@click.option("--output-format", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option(
    "-o", "--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the findings into this file."
)
@click.option("--statistics", is_flag=True, help="Print how often each code was found, instead of the findings.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only, no summary.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even if there are findings.")
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    help="Take the text of this file from stdin, and show its findings only.",
)
@click.option("--no-cache", is_flag=True, help="Read and check everything anew.")
def check(
    project: Path,
    profile: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    output_format: str,
    output_file: Path | None,
    statistics: bool,
    quiet: bool,
    exit_zero: bool,
    stdin_filename: Path | None,
    no_cache: bool,
) -> None:
    """Find mistakes in the project without running or importing any of its code.

    Findings go to stdout, the summary to stderr. Exits 1 if there are errors or warnings. The options --select and
    --ignore replace those of the configuration. What cannot be carried out at all is never ignored.
    """
    from flowstone.checks.policy import policy
    from flowstone.cli.check_run import find, no_collection

    with no_collection():
        settings = settings_of(_start(project, stdin_filename), profile)
        judge = policy(settings, select=select, ignore=ignore, strict=strict)
        file = _stdin_file(stdin_filename, settings)
        texts = {} if file is None else {file.path: file.text}
        found = find(settings, use_cache=not no_cache, texts=texts)
    findings = judge.apply(found.diagnostics)
    if file is not None:
        findings = tuple(item for item in findings if item.span.file == file.path)
    report = Report(settings.root, output_format, output_file, texts)
    if statistics:
        _write_statistics(report, findings)
    else:
        report.write(findings)
    if not quiet:
        click.echo(_summary(findings, found, file), err=True)
    if _fails(findings) and not exit_zero:
        raise SystemExit(EXIT_FINDINGS)


def _write_statistics(report: Report, findings: Sequence[Diagnostic]) -> None:
    from flowstone.cli.statistics import statistics

    report.put(statistics(findings, report.output_format))


def _fails(findings: Sequence[Diagnostic]) -> bool:
    from flowstone.diagnostics.diagnostic import Severity

    return any(finding.severity is not Severity.INFO for finding in findings)


def _start(project: Path, stdin_filename: Path | None) -> Path:
    """Where to look for the configuration: an editor calls from anywhere."""
    given = click.get_current_context().get_parameter_source("project") is not ParameterSource.DEFAULT
    return project if given or stdin_filename is None else stdin_filename.parent


def _stdin_file(name: Path | None, settings: Settings) -> StdinFile | None:
    from flowstone.cli.stdin_file import read_stdin_file

    return None if name is None else read_stdin_file(name, settings.root)


def _summary(findings: Sequence[Diagnostic], found: CheckResult, file: StdinFile | None) -> str:
    from flowstone.diagnostics.render_text import counted, summary

    if findings:
        return f"{summary(findings)}."
    if file is not None:
        return f"{file.path} {'is fine' if file.path in found.files else 'is not part of the project'}."
    if found.assets > 1:
        return f"All {counted(found.assets, 'asset')} fine."
    return "The asset is fine." if found.assets else "There are no assets."
