"""Digests of IR nodes: equal content gives equal digests, whatever the order of keys."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flowstone.ir.project import Project

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# What ``JSONEncoder.encode`` makes anew for each value, in three times the time that it takes to write a small one.
_chunks = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, _CANONICAL.default, json.encoder.encode_basestring, None, ":", ",", True, False, True
)


def digest(value: Any) -> str:
    """``sha256:`` and the hex digest of a JSON value in canonical form."""
    text = "".join(_chunks(value, 0))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def project_digest(project: Project) -> str:
    """Digest of the project, places in the source included: generated code shows them. What ``check`` alone reads is
    left out.
    """
    return digest(project.model_dump(mode="json", exclude={"bodies", "imports"}))
