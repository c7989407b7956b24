"""Patterns of paths, as ruff and git have them: which files a table of the configuration speaks of."""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

from flowstone.patterns import pattern

_TOKEN = pattern(r"\*\*/|/\*\*$|\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)
_BRACES = pattern(r"\{([^{}]*)\}")
_MOST = 100
"""Alternatives that braces may make; what has more means them literally."""


class PathPattern(Struct, frozen=True, dict=True):
    """A pattern of paths relative to the project's folder.

    ``*`` stands for anything within a folder's or file's name, ``**`` for any folders, ``?`` for a character, ``[ab]``
    and ``{one,other}`` for one of several. A folder stands for all that is in it; a pattern without a slash is looked
    for at any depth. ``!`` before a pattern turns it around.
    """

    text: str

    def matches(self, path: str) -> bool:
        """Whether the pattern speaks of a file."""
        return (self._regex.fullmatch(path) is not None) is not self.text.startswith("!")

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        alternatives = _alternatives(self.text.removeprefix("!"))
        return re.compile("|".join(f"(?:{_regex(item)})" for item in alternatives), re.DOTALL)


def _alternatives(text: str) -> list[str]:
    done, todo = [], [text]
    while todo:
        current = todo.pop(0)
        braces = _BRACES.search(current)
        if braces is None:
            done.append(current)
        elif len(done) + len(todo) > _MOST:
            return [text]
        else:
            head, tail = current[: braces.start()], current[braces.end() :]
            todo += [f"{head}{part}{tail}" for part in braces[1].split(",")]
    return done


def _regex(text: str) -> str:
    path = text.removeprefix("./").rstrip("/")
    anywhere = "" if "/" in path else "(?:.*/)?"
    return f"{anywhere}{''.join(map(_part, _TOKEN.findall(path.lstrip('/'))))}(?:/.*)?"


def _part(token: str) -> str:
    if token == "**/":  # noqa: S105 - not a password
        return "(?:.*/)?"
    if token == "/**":  # noqa: S105
        return "/.*"
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":  # noqa: S105
        return "[^/]"
    return _one_of(token) if token[1:-1].removeprefix("!") else re.escape(token)


def _one_of(token: str) -> str:
    """The class of characters in ``[...]``; a range that goes backwards holds none."""
    inner = token[1:-1].removeprefix("!")
    ranges = re.findall(r"(.)-(.)|(.)", inner, re.DOTALL)
    pairs = [(first or single, last or single) for first, last, single in ranges]
    members = "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in pairs if first <= last)
    if token.startswith("[!"):
        return f"[^{members}/]"
    return f"[{members}]" if members else "(?!)"
