"""A file whose text comes by stdin: an editor has it, and the disk may not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from msgspec import Struct

from flowstone.errors import UsageError


class StdinFile(Struct, frozen=True):
    """The file of ``--stdin-filename``."""

    path: str
    """Relative to the project's folder, with forward slashes."""
    text: str


def read_stdin_file(name: Path, root: Path) -> StdinFile:
    """The file of this name, with the text of stdin. Errors: UsageError if that is closed, or no source text."""
    from flowstone.frontend.files import UnreadableError, decode_source

    if sys.stdin is None:
        raise UsageError("stdin is closed", help=f"send the text of {name} there")
    try:
        text = decode_source(sys.stdin.buffer.read())
    except UnreadableError as error:
        raise UsageError(f"the text of {name} on stdin {error.reason}", help="send it as UTF-8") from None
    return StdinFile(_relative(name, root), text)


def _relative(name: Path, root: Path) -> str:
    """The path as findings have it. A folder on the way may be a symbolic link to the project."""
    direct = os.path.relpath(os.path.abspath(name), root)  # noqa: PTH100 - resolve() would follow the file's own link
    if direct.startswith(f"{os.pardir}{os.sep}"):
        direct = os.path.relpath(name.parent.resolve() / name.name, root)
    return direct.replace(os.sep, "/")
