"""Texts that may hold anything, made fit for a terminal."""

from __future__ import annotations

from flowstone.errors import FlowStoneError


def printable(text: str) -> str:
    """The text without control characters, which a terminal would obey; line ends and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)


def error_text(error: FlowStoneError) -> str:
    """What a command prints of an error: what went wrong and, on a line of its own, what to do about it."""
    text = f"error: {printable(str(error))}\n"
    return f"{text}  help: {printable(error.help)}\n" if error.help else text
