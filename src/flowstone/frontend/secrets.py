"""What looks like a secret: by the name of the value, or by its form. The value itself is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from flowstone.frontend.secret_forms import has_secret_form, is_placeholder, looks_random
from flowstone.patterns import pattern

Certainty = Literal["sure", "likely"]

_PASSWORD = pattern(r"(?:^|_)(?:password|passwd|passphrase|pwd)s?$", re.IGNORECASE)
_KEY = pattern(
    r"(?:^|_)(?:secret|token|api_?key|access_?key|private_?key|secret_?key|auth_?key|credential)s?$", re.IGNORECASE
)
_PUBLIC = pattern(
    r"""(?:^|_)(?:id|ids|sheet|hash|sha|sha1|sha256|md5|digest|checksum|etag|commit|revision|version|url|uri|path|file
    |cursor|fingerprint|public_?key|image|model|name)$""",
    re.IGNORECASE | re.VERBOSE,
)
"""Names of what may look as if chance had written it, and is no secret."""
_ELSEWHERE = pattern(
    r"""[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+                       # a variable of the environment
    | (?:/|\./|~/)[\w./-]*                                  # a file
    | [a-z][a-z0-9+.-]*://.* | (?:arn|vault|ssm|env|gcp|secretsmanager|keyvault):.* | projects/.*
    """,
    re.VERBOSE | re.DOTALL,
)
"""Texts that say where a secret is."""
_WORDS = pattern(r"[a-z]+(?:[-_./ ][a-z]+)*")
_CAMEL = pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_DEEPEST = 20
_LOOKED_AT = 500
"""Characters of a text that are looked at: some of the patterns take time that grows with the square of its length."""


def looks_secret(name: str, value: Any) -> bool:
    """Whether a value under a name is a secret that somebody wrote down, for sure or probably."""
    return certainty(name, value) is not None


def certainty(name: str, value: Any) -> Certainty | None:
    """How sure it is that a value under a name is a secret that somebody wrote down; None if it does not look so."""
    if not isinstance(value, str) or not value:
        return None
    value = value[:_LOOKED_AT]
    if is_placeholder(value):
        return None
    plain = _CAMEL.sub("_", name).replace("-", "_").replace(".", "_")
    if has_secret_form(value) or _is_named_so(plain, value):
        return "sure"
    return "likely" if looks_random(value) and not _PUBLIC.search(plain) else None


def _is_named_so(name: str, value: str) -> bool:
    if _ELSEWHERE.fullmatch(value):
        return False
    if _PASSWORD.search(name):
        return True
    return _KEY.search(name) is not None and not _WORDS.fullmatch(value)


def secrets_in(values: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Certainty]]:
    """Dotted paths of what looks like a secret in nested JSON values. References such as ``{"env": "NAME"}`` do not."""
    if depth > _DEEPEST:
        return
    if isinstance(values, dict):
        for name, value in values.items():
            yield from _secrets_at(str(name), value, f"{path}.{name}" if path else str(name), depth)
    elif isinstance(values, list | tuple):
        name = path.rpartition(".")[2]
        for index, value in enumerate(values):
            yield from _secrets_at(name, value, f"{path}.{index}", depth)


def _secrets_at(name: str, value: Any, path: str, depth: int) -> Iterator[tuple[str, Certainty]]:
    found = certainty(name, value)
    if found is not None:
        yield path, found
    else:
        yield from secrets_in(value, path, depth + 1)
