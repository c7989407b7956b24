"""``flowstone lsp``."""

from __future__ import annotations

import importlib.util

import click

from flowstone.errors import MissingExtraError


@click.command("lsp")
def lsp() -> None:
    """Serve an editor: the language server, over stdin and stdout.

    Editors start it by themselves. It shows findings while one types, completes names, goes to definitions, renames
    assets and applies fixes. Exits 0 when the editor has shut it down, 1 when it went away without.
    """
    if importlib.util.find_spec("pygls") is None:
        raise MissingExtraError("the language server", "lsp")
    from flowstone.lsp.serve import serve

    raise SystemExit(serve())
