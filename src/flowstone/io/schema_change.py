"""What may be done if a value has other columns than before."""

from __future__ import annotations

from typing import Literal

SchemaChange = Literal["fail", "append", "replace"]
