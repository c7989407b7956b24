"""Fixes of findings: edits of ranges of the source. What is outside of a range stays as it is, to the byte."""
