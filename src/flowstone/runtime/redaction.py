"""Secrets are kept out of what is told of a run: exceptions, tracebacks, the output of what failed."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from flowstone.errors import FlowStoneError, StepFailedError

HIDDEN = "***"
SHORTEST = 4
"""Characters of the shortest text that is taken for a secret: shorter ones are in every other sentence."""

_KEYWORD = re.compile(r"""password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))""", re.IGNORECASE)


class Redactor:
    """Knows the secrets of one project."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._secrets = tuple(sorted(found, key=len, reverse=True))

    def text(self, text: str) -> str:
        """The text with ``***`` for each secret."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def help_of(self, error: BaseException) -> str | None:
        """What FlowStone says is to be done about an error, without secrets."""
        found = error.help if isinstance(error, FlowStoneError) else None
        return None if found is None else self.text(found)

    def replacement(self, error: BaseException, *, retryable: bool) -> StepFailedError | None:
        """What to raise for an error that tells a secret, also by what caused it; None if it tells none.

        Raise it after the ``except``: within, the error would go with it.
        """
        whole = "".join(traceback.format_exception(error))
        told = f"{whole}{error.help if isinstance(error, FlowStoneError) else ''}"
        if self.text(told) == told:
            return None
        message = f"{type(error).__name__}: {self.text(str(error))}"
        replaced = StepFailedError(message, retryable=retryable, help=self.help_of(error))
        replaced.add_note(self.text(whole))
        return replaced


def _forms(secret: str) -> Iterator[str]:
    """A secret, the password in it if it is a connection string, and how these are written inside of other texts."""
    for text in (secret, *_passwords(secret)):
        yield text
        yield repr(text)[1:-1]
        yield quote(text, safe="")
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]


def _passwords(secret: str) -> Iterator[str]:
    try:
        password = urlsplit(secret).password
    except ValueError:
        password = None
    if password:
        yield password
        yield unquote(password)
    for quoted, plain in _KEYWORD.findall(secret):
        yield quoted or plain
