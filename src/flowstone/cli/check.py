"""``flowstone check``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of
from flowstone.cli.report import FORMATS, Report
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.checks.fixing import Outcome
    from flowstone.checks.policy import Policy
    from flowstone.cli.check_cache import CheckResult
    from flowstone.cli.fix import Fixing
    from flowstone.cli.stdin_file import StdinFile
    from flowstone.config import Settings
    from flowstone.diagnostics.diagnostic import Diagnostic
    from flowstone.targets.versions import ChosenTarget, Lowering


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
@click.option("--fix", is_flag=True, help="Put right what can be put right surely, then check what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: carry out guesses, too.")
@click.option(
    "--diff", is_flag=True, help="Print what --fix would change, and write nothing; exit 1 if it is anything."
)
@click.option("--target", metavar="TARGET[@VERSION]", help="Find also what this target cannot do, as airflow@3.2.")
@click.option(
    "--explain-target", is_flag=True, help="Print how the target does what the project uses, instead of the findings."
)
@click.option("-q", "--quiet", is_flag=True, help="Print findings only, no summary.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even if there are findings.")
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    help="Take the text of this file from stdin, and show its findings only.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file has changed, until Ctrl-C.")
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
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    target: str | None,
    explain_target: bool,
    quiet: bool,
    exit_zero: bool,
    stdin_filename: Path | None,
    watch: bool,
    no_cache: bool,
) -> None:
    """Find mistakes in the project without running or importing any of its code.

    Findings go to stdout, the summary to stderr. Exits 1 if there are errors or warnings. The options --select and
    --ignore replace those of the configuration. What cannot be carried out at all is never ignored.
    """
    if watch:
        _watch(project, stdin_filename)
        return
    from flowstone.checks.policy import policy
    from flowstone.cli.check_run import no_collection

    with no_collection():
        chosen = _chosen(target, explain_target)
        settings = settings_of(_start(project, stdin_filename), profile)
        engine = None if chosen is None else chosen.target.name
        judge = policy(settings, select=select, ignore=ignore, strict=strict, target=engine)
        file = _stdin_file(stdin_filename, settings)
        texts = {} if file is None else {file.path: file.text}
        fixing = _fixing(judge, file, fix=fix or diff, unsafe=unsafe_fixes)
        found, lowerings = _find(settings, chosen, use_cache=not no_cache, texts=texts)
        outcome = None if fixing is None else fixing.carry_out(settings, found)
    report = Report(settings.root, output_format, output_file, texts)
    if fixing is not None and diff:
        _print_diff(report, fixing, outcome, found, quiet=quiet)
        raise SystemExit(EXIT_FINDINGS if outcome is not None and outcome.changed and not exit_zero else 0)
    if outcome is not None:
        found = _written(settings, outcome)
        if chosen is not None:
            found, lowerings = _find(settings, chosen, use_cache=not no_cache, texts={})
    findings = judge.apply(found.diagnostics)
    if file is not None:
        findings = tuple(item for item in findings if item.span.file == file.path)
    if chosen is not None and explain_target:
        _write_explanation(report, chosen, lowerings)
    elif statistics:
        _write_statistics(report, findings)
    else:
        report.write(findings)
    if not quiet:
        _print_limits(chosen, found)
        told = _summary(findings, found, file)
        click.echo(told if fixing is None else fixing.summary(outcome, findings, written=True), err=True)
    if _fails(findings) and not exit_zero:
        raise SystemExit(EXIT_FINDINGS)


def _fixing(judge: Policy, file: StdinFile | None, *, fix: bool, unsafe: bool) -> Fixing | None:
    """What is to be fixed. Errors: UsageError for options that do not go together."""
    if fix and file is not None:
        raise UsageError("what comes from stdin cannot be fixed: --fix and --diff are for files")
    if not fix:
        if unsafe:
            raise UsageError("--unsafe-fixes says what --fix and --diff may do", help="write --fix --unsafe-fixes")
        return None
    from flowstone.cli.fix import Fixing

    return Fixing(judge, unsafe)


def _print_diff(report: Report, fixing: Fixing, outcome: Outcome | None, found: CheckResult, *, quiet: bool) -> None:
    from flowstone.cli.fix import diff

    if outcome is not None:
        report.put(diff(outcome, report.prefix))
    left = found.diagnostics if outcome is None else outcome.after.findings
    if not quiet:
        click.echo(fixing.summary(outcome, left, written=False), err=True)


def _written(settings: Settings, outcome: Outcome) -> CheckResult:
    """What there is to find in the fixed files, once they are written."""
    from flowstone.cli.check_cache import CheckResult
    from flowstone.cli.fix import write

    write(settings, outcome)
    return CheckResult(outcome.after.findings, outcome.after.assets, frozenset(outcome.after.texts))


def _watch(project: Path, stdin_filename: Path | None) -> None:
    if stdin_filename is not None:
        raise UsageError("--watch and --stdin-filename do not go together")
    from flowstone.cli.watch import watch
    from flowstone.config.files import find_config

    watch(find_config(project).path.parent, [argument for argument in sys.argv[1:] if argument != "--watch"])


def _chosen(target: str | None, explain_target: bool) -> ChosenTarget | None:
    if target is None:
        if explain_target:
            raise UsageError("--explain-target needs a target", help="write for example --target airflow")
        return None
    from flowstone.targets.versions import choose

    return choose(target)


def _find(
    settings: Settings, chosen: ChosenTarget | None, *, use_cache: bool, texts: Mapping[str, str]
) -> tuple[CheckResult, tuple[Lowering, ...]]:
    from flowstone.cli.check_run import find, find_for

    if chosen is None:
        return find(settings, use_cache=use_cache, texts=texts), ()
    return find_for(settings, chosen, use_cache=use_cache, texts=texts)


def _write_explanation(report: Report, chosen: ChosenTarget, lowerings: Sequence[Lowering]) -> None:
    from flowstone.cli.explain_target import explain_target

    report.put(explain_target(chosen, lowerings, report.output_format))


def _print_limits(chosen: ChosenTarget | None, found: CheckResult) -> None:
    """What a check for a target does not tell."""
    if chosen is None:
        return
    from flowstone.checks.engine import can_be_compiled

    if not can_be_compiled(found.diagnostics):
        click.echo(
            f"What {chosen.title} cannot do is told once nothing above keeps the project from compiling.", err=True
        )
    elif not chosen.is_generated_for:
        newest = chosen.newest.title
        click.echo(f"flowstone compile generates for {newest}; of {chosen.title} is told what it cannot do.", err=True)


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


def _fixable(findings: Sequence[Diagnostic]) -> str:
    """What ``--fix`` might do about them."""
    safe = sum(item.fix is not None and item.fix.safe for item in findings)
    unsafe = sum(item.fix is not None and not item.fix.safe for item in findings)
    parts = [f"{safe} fixable with --fix"] if safe else []
    parts += [f"{unsafe}{' more' if safe else ' fixable'} with --fix --unsafe-fixes"] if unsafe else []
    return f"; {', '.join(parts)}" if parts else ""


def _summary(findings: Sequence[Diagnostic], found: CheckResult, file: StdinFile | None) -> str:
    from flowstone.diagnostics.render_text import counted, summary

    if findings:
        return f"{summary(findings)}{_fixable(findings)}."
    if file is not None:
        return f"{file.path} {'is fine' if file.path in found.files else 'is not part of the project'}."
    if found.assets > 1:
        return f"All {counted(found.assets, 'asset')} fine."
    return "The asset is fine." if found.assets else "There are no assets."
