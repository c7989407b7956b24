"""Findings: the values, and how they are printed."""
