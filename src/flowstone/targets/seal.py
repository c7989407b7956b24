"""A seal on generated files: the last line holds the hash of what is above it, so that edits by hand are noticed."""

from __future__ import annotations

import hashlib
import json

from flowstone.ir.digest import digest

PREFIX = "# flowstone: sha256="


def seal(path: str, text: str) -> str:
    """The text with its seal. JSON cannot hold a comment; a manifest carries the digest of its own content instead."""
    if path.endswith(".json"):
        return text
    return f"{text}{PREFIX}{_hash(text)}\n"


def is_generated(path: str, text: str) -> bool:
    """Whether the text was made by FlowStone, edited or not."""
    if path.endswith(".json"):
        return _digest_of(text) is not None
    return text.rstrip("\n").rpartition("\n")[2].startswith(PREFIX)


def is_untouched(path: str, text: str) -> bool:
    """Whether the text is exactly what FlowStone made."""
    if path.endswith(".json"):
        given = _digest_of(text)
        return given is not None and given == digest(json.loads(text)["project"])
    body, _, _ = text.rpartition(PREFIX)
    return text == f"{body}{PREFIX}{_hash(body)}\n"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _digest_of(text: str) -> str | None:
    """The digest that a manifest states; None if the text is no manifest."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    stated = data.get("digest") if isinstance(data, dict) and "project" in data else None
    return stated if isinstance(stated, str) else None
