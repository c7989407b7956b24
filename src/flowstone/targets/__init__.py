"""Compilation targets: IR to generated files, one target a file."""
