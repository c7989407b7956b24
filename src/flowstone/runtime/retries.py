"""Which failures a retry policy covers."""

from __future__ import annotations

import sys
from typing import Any

from flowstone.dsl.policies import Retry, dotted_name
from flowstone.errors import CheckFailedError, NotApprovedError, SignalTimeoutError, StepFailedError, UsageError

FINAL = (UsageError, CheckFailedError, NotApprovedError, SignalTimeoutError)
"""What does not get better by trying again."""


def worth_retrying(error: BaseException, policy: Retry | None) -> bool:
    """Whether the policy covers the error.

    Another process has judged the error that made a step fail there; its death is always worth another attempt.
    """
    if policy is None or policy.max_retries == 0 or isinstance(error, FINAL):
        return False
    if isinstance(error, StepFailedError):
        return error.retryable
    return not policy.on or any(matches(error, dotted_name(name)) for name in policy.on)


def matches(error: BaseException, name: str) -> bool:
    """Whether an error is of the class with a dotted name, or of a subclass.

    The name may be the one under which the class is re-exported, as ``requests.ConnectionError`` is.
    """
    if any(f"{base.__module__}.{base.__qualname__}" == name for base in type(error).__mro__):
        return True
    found = _loaded(name)
    return isinstance(found, type) and isinstance(error, found)


def _loaded(name: str) -> Any:
    """What a dotted name stands for, if its module is loaded: else no instance of it can have been raised."""
    module, _, attributes = name.rpartition(".")
    rest = [attributes]
    while module:
        if module in sys.modules:
            value: Any = sys.modules[module]
            for attribute in rest:
                value = getattr(value, attribute, None)
            return value
        module, _, part = module.rpartition(".")
        rest.insert(0, part)
    return None
