"""Reads the corpus: text files of small projects, some with one mistake each, some with none.

The format is described in CONTRIBUTING.md, "A case of the corpus".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).parent / "cases"
FIRST_FILE = "pipelines/sales.py"
"""Where the text of a case stands until it names a file."""
CONFIGURATION = """\
sources = ["pipelines"]

[io_managers.local]
type = "filesystem"

[io_managers.lake]
type = "parquet"

[io_managers.scratch]
type = "memory"

[concurrency]
warehouse = 2
"""
"""The configuration of a case that brings none."""

_TITLE = re.compile(r"^=== (?P<kind>bad|good): (?P<title>.+)$")
_FILE = re.compile(r"^# file: (?P<path>\S+)(?: as (?P<encoding>\S+))?$")
_MARKER = re.compile(r"\s*# <- (?P<code>FS\d{3})(?:: (?P<words>.+))?$")


@dataclass(frozen=True)
class Expected:
    """A finding that a marker asks for."""

    code: str
    file: str
    line: int
    words: str
    """Must occur in the message or the help."""


@dataclass
class Case:
    """One project of the corpus."""

    source: Path
    line: int
    kind: str
    title: str
    files: dict[str, bytes] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    """Line of the corpus above the first of each file."""
    expected: list[Expected] = field(default_factory=list)

    @property
    def id(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{self.source.stem}-{self.kind}-{words}"

    @property
    def code(self) -> str:
        """The code of the rule that the case is about."""
        return self.source.stem.partition("_")[0].upper()

    def place(self, file: str, line: int) -> str:
        """Where a line of the project stands in the corpus."""
        if file not in self.starts:
            return f"{self.source.name}:{self.line} ({file}:{line})"
        return f"{self.source.name}:{self.starts[file] + line}"

    def write(self, root: Path) -> None:
        """Write the project into a folder."""
        files = dict(self.files)
        if not {"flowstone.toml", "pyproject.toml"} & set(files):
            files["flowstone.toml"] = CONFIGURATION.encode()
        for path, data in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def read_corpus(folder: Path = CASES) -> list[Case]:
    """All cases, in the order of the files. Errors: ValueError names the place of what cannot be read."""
    return [case for path in sorted(folder.glob("*.txt")) for case in read_cases(path)]


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of one file. What stands above the first is prose. Errors: ValueError."""
    lines = path.read_text(encoding="utf-8").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("=== ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        title = _TITLE.match(lines[start])
        if title is None:
            raise ValueError(f"{path.name}:{start + 1}: a case begins with '=== bad: title' or '=== good: title'")
        case = Case(path, start + 1, title["kind"], title["title"])
        for file in _files(lines, start + 1, end):
            _add(case, lines, *file)
        yield case


def _files(lines: list[str], start: int, end: int) -> Iterator[tuple[str, str, int, int]]:
    """Path, encoding and lines of each file of a case."""
    path, encoding, begin = FIRST_FILE, "utf-8", start
    for number in range(start, end):
        file = _FILE.match(lines[number])
        if file is not None:
            yield path, encoding, begin, number
            path, encoding, begin = file["path"], file["encoding"] or "utf-8", number + 1
    yield path, encoding, begin, end


def _add(case: Case, lines: list[str], path: str, encoding: str, begin: int, end: int) -> None:
    """Add one file, without its markers and the blank lines around it, and what its markers expect."""
    while begin < end and not lines[begin].strip():
        begin += 1
    while end > begin and not lines[end - 1].strip():
        end -= 1
    if begin == end and path == FIRST_FILE:
        return  # nothing stands above the first file that the case names
    for number, line in enumerate(lines[begin:end], 1):
        marker = _MARKER.search(line)
        if marker is not None:
            case.expected.append(Expected(marker["code"], path, number, marker["words"] or ""))
    text = "".join(_MARKER.sub("", line) + "\n" for line in lines[begin:end])
    case.files[path] = _encoded(text, encoding)
    case.starts[path] = begin


def _encoded(text: str, encoding: str) -> bytes:
    """The bytes of a file; ``bytes`` is no encoding: the text holds escapes such as ``\\xff``."""
    if encoding == "bytes":
        return codecs.decode(text, "unicode_escape").encode("latin-1")
    return text.encode(encoding)


CORPUS = tuple(read_corpus())
