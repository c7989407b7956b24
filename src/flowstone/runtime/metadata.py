"""What users put into materialization records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from flowstone.errors import OutputError
from flowstone.ir.node import Json


def json_values(values: Mapping[str, Any], owner: str) -> dict[str, Json]:
    """Metadata as JSON: dates, paths and numbers of numpy are converted. Errors: OutputError naming the value."""
    found = {}
    for name, value in values.items():
        try:
            found[str(name)] = to_jsonable_python(value, fallback=_scalar, inf_nan_mode="strings")
        except (PydanticSerializationError, ValueError) as error:
            raise OutputError(f"metadata {name!r} of {owner} is no JSON value: {error}") from None
    return found


def _scalar(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise ValueError(f"{type(value).__name__} cannot be kept in a record")
