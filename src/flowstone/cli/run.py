"""``flowstone run``."""

from __future__ import annotations

from typing import Any

import click

from flowstone.cli.execution import Execution, carry_out, execution_options
from flowstone.cli.resume import resumed
from flowstone.cli.wanted import Wanted, ready, wanted_options


@click.command("run")
@wanted_options
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Go on with a run that was interrupted or has failed; default: the last one.",
)
@execution_options
def run(execution: Execution, resume: str | None, **wanted: Any) -> None:
    """Run the assets that SELECTION means (default: all), each after what it needs.

    What is stored already, made by the same code from the same inputs with the same configuration, is reused;
    ``flowstone plan`` shows beforehand what that is. When an asset fails, what needs it is skipped, everything else
    still runs, and the exit code is 1.
    """
    if resume is None:
        raise SystemExit(carry_out(ready(Wanted(**wanted)), execution))
    found, earlier = resumed(Wanted(**wanted), resume)
    raise SystemExit(carry_out(found, execution, earlier.id))
