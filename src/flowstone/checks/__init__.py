"""Judging a project: rules over the intermediate representation, and what hides a finding.

The engine is loaded when it is used: a check that finds everything in its cache needs only the codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowstone.checks.engine import find_all, run_checks
    from flowstone.checks.judgement import Judgement, judge, judge_cutout, recalled

__all__ = ["Judgement", "find_all", "judge", "judge_cutout", "recalled", "run_checks"]

_JUDGEMENT = ("Judgement", "judge", "judge_cutout", "recalled")


def __getattr__(name: str) -> Any:
    if name in __all__:
        from flowstone.checks import engine, judgement

        return getattr(judgement if name in _JUDGEMENT else engine, name)
    raise AttributeError(f"module 'flowstone.checks' has no attribute {name!r}")
