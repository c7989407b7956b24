"""Digests of IR nodes: equal content gives equal digests, whatever the order of keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flowstone.ir.project import Project


def _encoder() -> Callable[[Any], str]:
    """What writes a JSON value in canonical form.

    ``JSONEncoder.encode`` makes an encoder in C anew for each value, in three times the time that it takes to write a
    small one. Of a Python that has it not, or makes it otherwise, the public one is used: it writes the same.
    """
    canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    encoder: Any = json.encoder
    try:
        chunks = encoder.c_make_encoder(
            None, canonical.default, encoder.encode_basestring, None, ":", ",", True, False, True
        )
    except (AttributeError, TypeError):
        return canonical.encode
    return lambda value: "".join(chunks(value, 0))


_encode = _encoder()


def digest(value: Any) -> str:
    """``sha256:`` and the hex digest of a JSON value in canonical form."""
    return f"sha256:{hashlib.sha256(_encode(value).encode('utf-8', 'surrogatepass')).hexdigest()}"


def project_digest(project: Project) -> str:
    """Digest of the project, places in the source included: generated code shows them. What ``check`` alone reads is
    left out.
    """
    return digest(project.model_dump(mode="json", exclude={"bodies", "imports"}))
