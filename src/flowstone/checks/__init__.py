"""Judging a project: rules over the intermediate representation, and what hides a finding."""

from __future__ import annotations

from flowstone.checks.engine import run_checks

__all__ = ["run_checks"]
