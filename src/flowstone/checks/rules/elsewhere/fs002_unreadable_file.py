"""FS002: a file that cannot be read as text."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS002",
    name="unreadable-file",
    summary="A source file cannot be read as text",
    why="A file with a wrong encoding, with NUL bytes, without read permission, or that is no regular file cannot be "
    "imported. Skipping it silently would hide every asset in it.",
    bad="# coding: no-such-encoding  # <- here\n",
    good="# coding: utf-8\n",
)
