"""From what a function returned to the values of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowstone.errors import OutputError
from flowstone.ir.asset import Step


def split(step: Step, returned: Any) -> tuple[Any, ...]:
    """The values of a step's outputs in order. Errors: OutputError if they are not those declared."""
    if len(step.outputs) == 1:
        return (returned,)
    names = tuple(step.outputs)
    if isinstance(returned, Mapping):
        missing = [name for name in names if name not in returned]
        unknown = [str(name) for name in returned if name not in names]
        if missing or unknown:
            raise _error(step, f"a mapping {_faults(missing, unknown)}")
        return tuple(returned[name] for name in names)
    if isinstance(returned, tuple):
        if len(returned) != len(names):
            raise _error(step, f"a tuple of {len(returned)}")
        return returned
    raise _error(step, type(returned).__name__)


def _faults(missing: list[str], unknown: list[str]) -> str:
    parts = [f"without {', '.join(map(repr, missing))}"] if missing else []
    parts += [f"with {', '.join(map(repr, unknown))}, which it does not declare"] if unknown else []
    return " and ".join(parts)


def _error(step: Step, what: str) -> OutputError:
    return OutputError(
        f"{step.id} makes {', '.join(step.outputs)}, but returned {what}",
        help=f"return a mapping with these names, or a tuple of {len(step.outputs)} values in this order",
    )
