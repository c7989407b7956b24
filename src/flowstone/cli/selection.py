"""Selections on the command line: the same words for every command that takes one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from flowstone.cli.facts import facts_of

if TYPE_CHECKING:
    from flowstone.runtime.workspace import Workspace


class Selection(Struct, frozen=True):
    """What a user has selected."""

    selectors: tuple[str, ...]
    """If there are none: everything."""
    exclude: tuple[str, ...] = ()
    state: str | None = None
    """What ``state:`` compares with; None: what is stored."""

    def steps(self, workspace: Workspace) -> tuple[str, ...]:
        """Ids of the steps, in the order of the project. Errors: SelectionError, also if there is none."""
        from flowstone.ir.select import select

        # A text that is empty is what an unset variable of a shell leaves, and not a wish for everything.
        text = " ".join(self.selectors) if self.selectors else "*"
        exclude = " ".join(self.exclude) if self.exclude else None
        return select(workspace.project, text, exclude, facts_of(workspace, self.state))

    def assets(self, workspace: Workspace) -> list[str]:
        """Ids of the assets that these steps make. Errors: as ``steps``."""
        project = workspace.project
        return [asset for step in self.steps(workspace) for asset in project.steps[step].outputs.values()]


def selection_options(*, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The argument SELECTION and its options, which the command receives as ``selection``."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def called(
            *arguments: Any, selection: tuple[str, ...], exclude: tuple[str, ...], state: str | None, **more: Any
        ) -> Any:
            return command(*arguments, selection=Selection(selection, exclude, state), **more)

        for option in reversed(_options(required=required)):
            called = option(called)
        return called

    return decorate


def _options(*, required: bool) -> tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...]:
    return (
        click.argument("selection", nargs=-1, required=required),
        click.option("--exclude", multiple=True, metavar="SELECTOR", help="Leave these out; may be repeated."),
        click.option(
            "--state",
            metavar="STATE",
            help="What state:modified compares with: a manifest or its folder, or a Git revision. Default: what is "
            "stored.",
        ),
    )
