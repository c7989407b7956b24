"""What looks like a secret: by the name of the value, or by its form. The value itself is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|secret_?key|credentials?)$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"""-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                      # Amazon
    | \bgh[pousr]_[A-Za-z0-9]{30,}                        # GitHub
    | \bxox[abprs]-[A-Za-z0-9-]{10,}                      # Slack
    | \bsk_live_[A-Za-z0-9]{10,}                          # Stripe
    | ^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@{}$<>]+@       # user and password in a URL
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"^(?:|none|null|changeme|change-me|todo|x+|\*+|\.+|<.*>|\$\{?.*\}?|\{.*\})$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DEEPEST = 20


def looks_secret(name: str, value: Any) -> bool:
    """Whether a value under a name is a secret that somebody wrote down."""
    if not isinstance(value, str) or _PLACEHOLDER.match(value):
        return False
    return _NAME.search(_CAMEL.sub("_", name).replace("-", "_")) is not None or _FORM.search(value) is not None


def secrets_in(values: Any, path: str = "", depth: int = 0) -> Iterator[str]:
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


def _secrets_at(name: str, value: Any, path: str, depth: int) -> Iterator[str]:
    if looks_secret(name, value):
        yield path
    else:
        yield from secrets_in(value, path, depth + 1)
