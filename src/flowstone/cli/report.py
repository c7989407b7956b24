"""Findings as the command prints them: in one of the formats, to stdout or into a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field

from flowstone.cli.sources import SourceFiles
from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.diagnostics.diagnostic import Diagnostic
    from flowstone.diagnostics.render_text import Piece


class Report(Struct, frozen=True):
    """How findings are told."""

    root: Path
    """The project's folder."""
    output_format: str = "text"
    """One of ``FORMATS``."""
    output_file: Path | None = None
    """Where to, instead of stdout."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts that hold instead of what is in the files."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Texts for excerpts."""
        return SourceFiles(self.root, self.texts)

    @property
    def prefix(self) -> str:
        """What leads from the current folder to the project's: paths are printed so that editors can open them."""
        root = self.root.resolve()
        try:
            way = os.path.relpath(root)
        except FileNotFoundError:  # the current folder is gone
            way = os.fspath(root)
        return "" if way == "." else f"{Path(way).as_posix()}/"

    def write(self, findings: Sequence[Diagnostic]) -> None:
        """Print the findings. Errors: UsageError if the file cannot be written."""
        if self.output_file is None and self.output_format in _COLOURED and _wants_colour():
            _print_in_colour(_COLOURED[self.output_format](self, findings))
        else:
            self.put(FORMATS[self.output_format](self, findings))

    def put(self, text: str) -> None:
        """Print a text to where findings go. Errors: UsageError if the file cannot be written."""
        if self.output_file is None:
            click.echo(_encodable(text), nl=False)
            return
        try:
            self.output_file.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UsageError(f"{self.output_file} cannot be written: {error.strerror or error}") from None


def _text(report: Report, findings: Sequence[Diagnostic]) -> Iterable[Piece]:
    from flowstone.diagnostics.render_text import pieces

    return pieces(findings, report.sources, prefix=report.prefix)


def _concise(report: Report, findings: Sequence[Diagnostic]) -> Iterable[Piece]:
    from flowstone.diagnostics.render_text import concise_pieces

    return concise_pieces(findings, prefix=report.prefix)


def _json(_: Report, findings: Sequence[Diagnostic]) -> str:
    from flowstone.diagnostics.render_json import render_json

    return render_json(findings)


def _jsonl(_: Report, findings: Sequence[Diagnostic]) -> str:
    from flowstone.diagnostics.render_json import render_jsonl

    return render_jsonl(findings)


def _sarif(_: Report, findings: Sequence[Diagnostic]) -> str:
    from flowstone.checks.catalog import all_rules
    from flowstone.diagnostics.render_sarif import render_sarif

    return render_sarif(findings, all_rules())


def _github(report: Report, findings: Sequence[Diagnostic]) -> str:
    from flowstone.diagnostics.render_github import render_github

    return render_github(findings, prefix=report.prefix)


def _junit(report: Report, findings: Sequence[Diagnostic]) -> str:
    from flowstone.checks.catalog import codes
    from flowstone.diagnostics.render_junit import render_junit

    return render_junit(findings, codes(), prefix=report.prefix)


def _plain(pieces: Callable[[Report, Sequence[Diagnostic]], Iterable[Piece]]) -> _Renderer:
    return lambda report, findings: "".join(text for text, _ in pieces(report, findings))


_Renderer = Callable[[Report, Sequence["Diagnostic"]], str]

_COLOURED: Mapping[str, Callable[[Report, Sequence[Diagnostic]], Iterable[Piece]]] = {
    "text": _text,
    "concise": _concise,
}
FORMATS: Mapping[str, _Renderer] = {
    **{name: _plain(pieces) for name, pieces in _COLOURED.items()},
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
"""How findings are printed, by the name of the format."""


def _wants_colour() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _print_in_colour(pieces: Iterable[Piece]) -> None:
    from rich.console import Console
    from rich.text import Text

    styled = [(_encodable(text), style) for text, style in pieces]
    Console(highlight=False, soft_wrap=True).print(Text.assemble(*styled), end="")


def _encodable(text: str) -> str:
    """The text with everything escaped that the terminal's encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # there is no stdout if it was closed
    return text.encode(encoding, "backslashreplace").decode(encoding)
