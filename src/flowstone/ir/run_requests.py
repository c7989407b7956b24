"""Names of what a sensor starts, the same on every engine: from them it is told that a run was started before."""

from __future__ import annotations

import hashlib
import re

SENSED = "sensor__"
"""What the ids of runs begin with that a sensor has started."""
_PLAIN = re.compile(r"[A-Za-z0-9_.~:+-]+")
_LONGEST = 80
_DIGEST = "sha256:"


def run_name(sensor: str, key: str) -> str:
    """The id of the run of a request's key: made of characters that all engines take, and different for each key."""
    plain = _PLAIN.fullmatch(key) is not None and len(key) <= _LONGEST and not key.startswith(_DIGEST)
    text = key if plain else _DIGEST + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{SENSED}{sensor}__{text}"
