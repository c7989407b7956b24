"""Texts that are secrets by their form alone: keys of known services, and what only chance can have written."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections import Counter

from flowstone.patterns import pattern

_FORMS = pattern(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                            # Amazon
    | \bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])                 # Google
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_[A-Za-z0-9_]{22,} | \bglpat-[A-Za-z0-9_-]{20,}
    | \bxox[abeprs]-[A-Za-z0-9-]{10,} | hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+
    | \b[sr]k_live_[A-Za-z0-9]{10,}                            # Stripe
    | \bsk-(?=[a-z0-9_-]*[A-Z])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{24,}  # model providers
    | \bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}             # SendGrid
    | \bnpm_[A-Za-z0-9]{36}\b | \bpypi-[A-Za-z0-9_-]{50,} | \bhf_[A-Za-z0-9]{30,}
    | \bdapi[0-9a-f]{32}\b | \bdop_v1_[a-f0-9]{64}\b           # Databricks, DigitalOcean
    | \beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}  # JSON web token
    | \b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{30,}      # Azure
    """,
    re.VERBOSE,
)
_IN_URL = pattern(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:(?P<password>[^/\s@]+)@")
_IN_TEXT = pattern(
    r"""(?=.*(?:^|[\s;?&])(?:host|server|data\ source|dbname|database|user|user\ id|uid|username)=)  # of a connection
    .*(?:^|[\s;?&])(?:password|passwd|pwd)=(?P<password>[^\s;&]+)""",
    re.VERBOSE | re.IGNORECASE,
)
_BEARER = pattern(r"^(?:Authorization:\s*)?(?:Bearer|Basic)\s+(?P<password>[A-Za-z0-9._~+/=-]{16,})$", re.IGNORECASE)
_STANDS_FOR_ANOTHER = pattern(
    r"""none | null | changeme | change-me | todo | x+ | \*+ | \.+ | \?      # nothing yet
    | <.*> | \[.*\] | \$.* | %.* | :\w+ | \{.*\}                            # to be put in
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_RANDOM = pattern(r"[A-Za-z0-9+/_=-]{32,128}")
_LONG_WORD = pattern(r"[a-z]{7}|[A-Z]{7}")
_SHORTEST = 10
"""Length of the shortest text that is a secret by its form: a URL with a password."""
_BITS = 4.4
"""Entropy of each character, from which on a text is no word, path or name."""
_NUMBERS = 3
"""Groups of digits that a text has which chance has written."""


def is_placeholder(text: str) -> bool:
    """Whether a text only shows where a secret belongs."""
    return _STANDS_FOR_ANOTHER.fullmatch(text) is not None


def has_secret_form(text: str) -> bool:
    """Whether a text is or holds a key of a well-known form, or a password in a URL or a connection string."""
    if len(text) < _SHORTEST:
        return False
    if _FORMS.search(text) is not None:
        return True
    forms = [form for mark, form in (("://", _IN_URL), ("=", _IN_TEXT), (" ", _BEARER)) if mark in text]
    passwords = (found["password"] for form in forms for found in form.finditer(text))
    return any(not is_placeholder(password) for password in passwords)


def looks_random(text: str) -> bool:
    """Whether a text is one long word that only chance can have written. Digests and UUIDs are no secrets."""
    if _RANDOM.fullmatch(text) is None or _LONG_WORD.search(text) is not None:
        return False
    kinds = (any(map(test, text)) for test in (str.islower, str.isupper, str.isdigit))
    if not all(kinds) or len(re.findall(r"[0-9]+", text)) < _NUMBERS or text.count("/") > 2:
        return False
    return _entropy(text) >= _BITS and not _is_encoded_text(text)


def _entropy(text: str) -> float:
    """Bits for each character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _is_encoded_text(text: str) -> bool:
    """Whether it is plain words in base 64."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii").isprintable()
    except ValueError:
        return False
