"""``flowstone plan``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from flowstone.cli.stores import to_json
from flowstone.cli.wanted import Ready, Wanted, ready, wanted_options

if TYPE_CHECKING:
    from rich.text import Text

    from flowstone.runner.forecast import Expectation, Forecast

_STYLES = {"run": "green", "may run": "yellow", "reuse": "cyan", "skip": "yellow", "blocked": "bold red"}


@click.command("plan")
@wanted_options
@click.option("--all", "everything", is_flag=True, help="A line for every partition, also for what is reused.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def plan(everything: bool, output_format: str, **wanted: Any) -> None:
    """Show what a run of SELECTION (default: all) would make, what it would reuse, and why. Nothing is run.

    ``run`` with the same arguments carries out exactly this. An asset *may run* if something that it reads is made
    again: should that come out as it was, the asset is reused. It is *skipped* if a route has chosen another
    branch, and *blocked* if what it reads is neither stored nor made by this run.
    """
    from flowstone.runner.prepare import prepare_run

    found = ready(Wanted(**wanted))
    show(found, prepare_run(found.workspace, found.asked), everything=everything, output_format=output_format)


def show(found: Ready, planned: Forecast, *, everything: bool, output_format: str) -> None:
    """Print a plan."""
    from flowstone.runner.prepare import without_key

    notes = tuple(without_key(found.workspace.project, planned.plan))
    if output_format == "json":
        click.echo(to_json(_document(planned, notes)))
        return
    if output_format == "jsonl":
        for task in _document(planned, notes)["tasks"]:
            click.echo(json.dumps(task))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line in (*_lines(planned, everything=everything), _summary(planned)):
        console.print(line)
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _document(planned: Forecast, notes: Iterable[str]) -> dict[str, Any]:
    return {
        **_counts(planned),
        "notes": list(notes),
        "tasks": [
            {
                "step": item.task.step,
                "partition": item.task.partition,
                "action": item.action,
                "reasons": [
                    {
                        "kind": reason.kind,
                        "text": str(reason),
                        "inputs": [{"asset": asset, "partition": partition} for asset, partition in reason.places],
                    }
                    for reason in item.reasons
                ],
            }
            for item in planned.expectations
        ],
    }


def _counts(planned: Forecast) -> dict[str, int]:
    from flowstone.runner.forecast import ACTIONS

    return {action.replace(" ", "_"): planned.count(action) for action in ACTIONS}


def _lines(planned: Forecast, *, everything: bool) -> Iterator[Text]:
    """A line for each step and action, or for each task."""
    groups: dict[tuple[Any, ...], list[Expectation]] = {}
    for item in planned.expectations:
        name = (item.task.step, item.task.partition if everything else None, item.action)
        groups.setdefault(name, []).append(item)
    width = max((len(step) for step, *_ in groups), default=0)
    for (step, partition, action), items in groups.items():
        yield _line(f"{step:<{width}}", partition, action, items)


def _line(name: str, partition: str | None, action: str, items: list[Expectation]) -> Text:
    from rich.text import Text

    from flowstone.diagnostics.terminal import printable

    line = Text(f"{name}  ").append(f"{action:<7}", style=_STYLES[action])
    if partition is not None:
        line.append(f"  {partition}")
    elif items[0].task.partition is not None:
        line.append(f"  {_partitions(items)}")
    if why := _why(items):
        line.append(f"  {printable(why)}", style="dim")
    line.rstrip()
    return line


def _partitions(items: list[Expectation]) -> str:
    first, last = items[0].task.partition, items[-1].task.partition
    if len(items) == 1:
        return f"{first}"
    return f"{len(items):,} partitions, {first} to {last}"


def _why(items: list[Expectation]) -> str:
    """The reasons of tasks; for many tasks how many have each."""
    if len(items) == 1:
        return "; ".join(map(str, items[0].reasons))
    counts: dict[str, int] = {}
    for item in items:
        for kind in dict.fromkeys(_title(reason.kind, reason.places) for reason in item.reasons):
            counts[kind] = counts.get(kind, 0) + 1
    return "; ".join(text if count == len(items) else f"{text} ({count:,})" for text, count in counts.items())


def _title(kind: Any, places: Iterable[tuple[str, str | None]]) -> str:
    """A reason with the assets that it is about, without their partitions."""
    from flowstone.runtime.reasons import Reason

    assets: Mapping[tuple[str, None], None] = dict.fromkeys((asset, None) for asset, _ in places)
    return str(Reason(kind, tuple(assets)))


def _summary(planned: Forecast) -> str:
    counts = _counts(planned).items()
    return ", ".join(f"{count:,} {action.replace('_', ' ')}" for action, count in counts if count) or "nothing to do"
