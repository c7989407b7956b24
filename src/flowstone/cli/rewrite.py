"""Source files written anew: encoding, byte order mark, line ends and mode stay, and nobody ever sees half a file."""

from __future__ import annotations

import codecs
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from msgspec import Struct

from flowstone.errors import UsageError
from flowstone.frontend.files import UnreadableError, encoding_of, read_source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_END = re.compile(r"(?:\r\n|\r|\n)$")


class _Plan(Struct, frozen=True):
    """One file that will be written."""

    path: Path
    """Where the content is: a symbolic link that leads to it stays one."""
    old: bytes
    new: bytes
    mode: int


def rewrite(root: Path, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Write the new texts of some files, by path. Nothing is written unless all of them can be.

    ``old`` are the texts that the new ones were made of. Errors: UsageError if a file holds another text by now, is
    read-only, has an encoding that lacks a character, or cannot be written.
    """
    plans = [_plan(root / path, path, old[path], text) for path, text in new.items()]
    for plan in plans:
        try:
            _write(plan)
        except OSError as error:
            raise UsageError(f"cannot write {plan.path}: {error.strerror or error}") from error


def _plan(path: Path, name: str, old: str, new: str) -> _Plan:
    try:
        if read_source(path) != old:
            raise UsageError(f"{name} was changed while it was checked", help="run the command again")
        real = path.resolve()
        data, status = real.read_bytes(), real.stat()
    except UnreadableError as error:
        raise UsageError(f"{name} {error.reason}", help=error.help) from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(real, os.W_OK):
        raise UsageError(
            f"{name} is read-only, so nothing was fixed", help="make it writable, or leave its findings out"
        )
    return _Plan(real, data, _encoded(name, data, new), stat.S_IMODE(status.st_mode))


def _encoded(name: str, data: bytes, text: str) -> bytes:
    """The content of a file with another text."""
    encoding = encoding_of(data)
    raw = data.decode(encoding)
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return mark + with_line_ends(raw, text).encode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeEncodeError as error:
        lacking = text[error.start : error.end]
        raise UsageError(f"{name} cannot be fixed: its encoding {encoding} lacks {lacking!r}") from None


def with_line_ends(raw: str, text: str) -> str:
    """The text with the line ends that its lines have in ``raw``; new lines have those of their neighbours."""
    if "\r" not in raw:
        return text
    kept = _LINE.findall(raw)
    old = [_END.sub("\n", line) for line in kept]
    lines: list[str] = []
    for line in _aligned(kept, old, _LINE.findall(text)):
        joins = line.startswith("\n") and bool(lines) and lines[-1].endswith("\r")  # the two would be one line end
        lines.append("\r" if joins else line)
    return "".join(lines)


def _aligned(kept: Sequence[str], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    start, stop = _same(old, new), 0
    if start < min(len(old), len(new)):
        stop = min(_same(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    yield from kept[:start]
    matcher = SequenceMatcher(None, old[start : len(old) - stop], new[start : len(new) - stop], autojunk=False)
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind == "equal":
            yield from kept[start + first : start + last]
            continue
        for place in range(new_first, new_last):
            near = min(start + first + place - new_first, max(start + last - 1, start + first - 1, 0))
            yield _END.sub(_end_of(kept, near), new[start + place])
    yield from kept[len(kept) - stop :]


def _same(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same at the beginning."""
    return next(
        (place for place, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )


def _end_of(kept: Sequence[str], place: int) -> str:
    """The line end of a line; of the first one if it has none."""
    for line in (*kept[place : place + 1], *kept[:1]):
        end = _END.search(line)
        if end is not None:
            return end[0]
    return "\n"


def _write(plan: _Plan) -> None:
    """Put the new content in the place of the old one. Errors: OSError; UsageError if it is another by now."""
    handle, temporary = tempfile.mkstemp(prefix=f".{plan.path.name}.", suffix=".tmp", dir=plan.path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(plan.new)
            file.flush()
            os.fchmod(handle, plan.mode)
            os.fsync(handle)
        if plan.path.read_bytes() != plan.old:
            raise UsageError(f"{plan.path} was changed while it was checked", help="run the command again")
        Path(temporary).replace(plan.path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
