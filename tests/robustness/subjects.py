"""What goes through the front end: every Python file that is installed, the examples and the corpus."""

from __future__ import annotations

import ast
import sys
import sysconfig
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.reading import CORPUS

REPOSITORY = Path(__file__).parents[2]
ROOTS = {
    Path(sys.base_prefix, "lib").resolve(),
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")),
}
"""The standard library and what is installed, of this environment and of the interpreter that it was made with."""


def installed_files() -> list[Path]:
    """Every Python file of the standard library and of the installed packages."""
    found = {path for root in ROOTS for path in root.rglob("*.py") if path.is_file()}
    return sorted(path for path in found if REPOSITORY / "src" not in path.parents)


def part(path: Path, parts: int) -> int:
    """The part of ``parts`` that a file belongs to; the same on every machine."""
    return zlib.crc32("/".join(path.parts[-3:]).encode()) % parts


def texts() -> list[bytes]:
    """The sources of the examples and of the corpus, to be broken."""
    paths = sorted((REPOSITORY / "examples").rglob("*.py"))
    cases = [data for case in CORPUS for name, data in case.files.items() if name.endswith(".py")]
    return list(dict.fromkeys([*(path.read_bytes() for path in paths), *cases]))


def declaring(data: bytes) -> str | None:
    """A file with each of its functions made an asset, and one asset for each of its constants; None for broken ones.

    So that everything that is evaluated, bound and fingerprinted sees code that nobody wrote for it.
    """
    try:
        tree = ast.parse(data)
        text = data.decode("utf-8")
    except (SyntaxError, ValueError, RecursionError):
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    decorated = [_first_line(node) for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for line in sorted(decorated, reverse=True):
        lines.insert(line - 1, "@flowstone.asset")
    start = _behind_future_imports(tree)
    lines.insert(start + sum(line <= start for line in decorated), "import flowstone")
    for number, name in enumerate(constants(tree)):
        lines += [f'@flowstone.asset(meta={{"value": {name}}})', f"def constant_{number}() -> {name}: ..."]
    return "\n".join(lines) + "\n"


def constants(tree: ast.Module) -> list[str]:
    """Names that are assigned at the top of a module, up to fifty."""
    return [target.id for node in tree.body for target in _targets(node)][:50]


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(item.lineno for item in node.decorator_list)])


def _targets(node: ast.stmt) -> Iterator[ast.Name]:
    return (target for target in getattr(node, "targets", ()) if isinstance(target, ast.Name))


def _behind_future_imports(tree: ast.Module) -> int:
    """The line behind which an import may stand."""
    line = 0
    for node in tree.body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not text and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        line = node.end_lineno or line
    return line
