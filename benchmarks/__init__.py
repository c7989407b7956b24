"""Benchmarks: ratios to other tools, measured in one run with the contenders taking turns."""
