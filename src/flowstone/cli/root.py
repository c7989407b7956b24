"""The group of all commands."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Any

import click

from flowstone.__about__ import __version__
from flowstone.cli import interrupted
from flowstone.cli.common import report_error
from flowstone.errors import FlowStoneError, UsageError

COMMANDS = {
    "approve": ("flowstone.cli.approve:approve", "Approve a value that waits to be published."),
    "backfill": ("flowstone.cli.backfill:backfill", "Make many partitions: a range, what is missing, what failed."),
    "calendar": ("flowstone.cli.calendar:calendar", "Show when the jobs run next, on which engine."),
    "check": ("flowstone.cli.check:check", "Find mistakes without running anything."),
    "clean": ("flowstone.cli.clean:clean", "Remove what attempts that died have left in the stores."),
    "compile": ("flowstone.cli.compile:compile_", "Generate code for Airflow, Prefect or the local runner."),
    "config": ("flowstone.cli.config:config", "Show the configuration and where each value comes from."),
    "conformance": (
        "flowstone.cli.conformance:conformance",
        "Run a project on all engines and compare what they store.",
    ),
    "decisions": ("flowstone.cli.approve:decisions", "Show what had to be approved, and who decided."),
    "dev": ("flowstone.cli.dev:dev", "Run schedules and sensors here, and tell of mistakes while you write."),
    "doctor": ("flowstone.cli.doctor:doctor", "Try each configured IO manager and say what is missing."),
    "explain": ("flowstone.cli.explain:explain", "Explain a diagnostic, with a bad and a good example."),
    "graph": ("flowstone.cli.graph:graph", "Show what needs what."),
    "invalidate": (
        "flowstone.cli.invalidate:invalidate",
        "Remove what is stored, so that the next run makes it again.",
    ),
    "lineage": ("flowstone.cli.lineage:lineage", "Show which stored value was made from which."),
    "logs": ("flowstone.cli.logs:logs", "Show what functions printed in a run."),
    "ls": ("flowstone.cli.ls:ls", "List the assets of the project."),
    "lsp": ("flowstone.cli.lsp:lsp", "Serve an editor: findings while typing, completion, renaming and more."),
    "partitions": ("flowstone.cli.partitions:partitions", "List, add and remove keys of dynamic partitions."),
    "plan": ("flowstone.cli.plan:plan", "Show what a run would make, what it would reuse, and why."),
    "report": ("flowstone.cli.run_report:report", "Write a run as one HTML file: timeline, graph, failures."),
    "reject": ("flowstone.cli.approve:reject", "Reject a value that waits to be published."),
    "run": ("flowstone.cli.run:run", "Run assets here."),
    "runs": ("flowstone.cli.runs:runs", "List the runs that were, and what came of them."),
    "signal": ("flowstone.cli.signal:signal", "Send the answer that an asset waits for."),
    "signals": ("flowstone.cli.signal:signals", "Show what waits for an answer, and which were sent."),
    "status": ("flowstone.cli.status:status", "Show what is stored, and whether it is up to date."),
    "verify": ("flowstone.cli.verify:verify", "Read all that is stored and find what is damaged."),
}
"""Where each command is, and its line in the help: so that ``--help`` loads none of them."""


ENVIRONMENT = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EEXIST,
        errno.EIO,
        errno.ELOOP,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENFILE,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What the machine refuses, whatever the program: full or read-only disks, missing rights, too many open files, paths
that it cannot have."""


class LazyGroup(click.Group):
    """Loads a command's module when the command is called, and turns our errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno not in ENVIRONMENT:
                raise
            sys.exit(report_error(UsageError(": ".join(filter(None, (_path(error), error.strerror or str(error)))))))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FlowStoneError as error:
            ctx.exit(report_error(error, ctx))
        except KeyboardInterrupt:  # click would exit with 1, as if the command had failed
            ctx.exit(interrupted())


def _path(error: OSError) -> str:
    return str(error.filename or "")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """The asset compiler for Airflow and Prefect.

    Exit codes: 0 done, 1 the thing failed (findings, a failed asset, stale output), 2 it could not be done (usage,
    configuration, nothing selected), 130 interrupted.
    """
