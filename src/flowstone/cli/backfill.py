"""``flowstone backfill``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace as replaced

from flowstone.cli.execution import Execution, carry_out, execution_options
from flowstone.cli.wanted import Wanted, ready, wanted_options

if TYPE_CHECKING:
    from flowstone.runner.prepare import Only


@click.command("backfill")
@wanted_options
@click.option("--missing", "only", flag_value="missing", help="Make only what is not stored, or is damaged.")
@click.option("--failed", "only", flag_value="failed", help="Make only what did not succeed in its last run.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and run nothing.")
@execution_options
def backfill(execution: Execution, only: Only | None, dry_run: bool, **wanted: Any) -> None:
    """Make many partitions of the assets that SELECTION means (default: all).

    Without keys that is every partition whose time has come. What is up to date is reused, unless only what is missing
    or has failed is asked for. As many run at once as there are workers; partitions of an asset that reads its own past
    are made in order. Whatever ends the command, the same command goes on.
    """
    from flowstone.cli.plan import show
    from flowstone.runner.prepare import prepare_run

    found = ready(Wanted(**wanted))
    found = replaced(found, asked=replace(found.asked, everything=not found.asked.keys, only=only))
    if not dry_run:
        raise SystemExit(carry_out(found, execution))
    show(found, prepare_run(found.workspace, found.asked), everything=False, output_format=execution.output_format)
