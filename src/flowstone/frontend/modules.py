"""Source files: found, decoded and parsed once each. Nothing of the user's code is imported or run."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.position import column_at
from flowstone.frontend.files import (
    UnreadableError,
    is_file,
    is_folder,
    read_source,
    source_files,
    would_be_found,
)
from flowstone.frontend.findings import Findings
from flowstone.frontend.grammar import Compilation, advice, beside, compiled, parsed


class Module(Struct, frozen=True, eq=False, dict=True):
    """A parsed source file."""

    name: str
    """Dotted name under which a worker imports it."""
    path: str
    """Path with forward slashes, relative to the project's folder."""
    source: str
    """Text with ``\\n`` as the only line end."""
    tree: ast.Module
    is_package: bool = False

    @cached_property
    def lines(self) -> list[str]:
        """The lines as the parser counts them: a form feed does not end one."""
        return self.source.split("\n")

    @cached_property
    def _is_ascii(self) -> bool:
        return self.source.isascii()

    @property
    def package(self) -> str:
        """Name of the package against which relative imports are resolved."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias) -> Span:
        """Place of a node, columns in characters."""
        end_line = node.end_lineno or node.lineno
        end = node.col_offset + 1 if node.end_col_offset is None else node.end_col_offset
        if self._is_ascii:  # bytes are characters
            return Span(self.path, node.lineno, node.col_offset + 1, end_line, end + 1)
        return Span(
            self.path,
            node.lineno,
            column_at(self.lines, node.lineno, node.col_offset),
            end_line,
            column_at(self.lines, end_line, end),
        )

    def name_span(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """Place of the name in a ``def`` or ``class`` statement."""
        first = column_at(self.lines, node.lineno, node.col_offset)
        line, keyword = self.lines[node.lineno - 1], "class" if isinstance(node, ast.ClassDef) else "def"
        column = line.find(node.name, line.find(keyword, first - 1) + len(keyword)) + 1
        if column == 0:  # a name in another normal form, or behind a line continuation
            column = first
        return Span(self.path, node.lineno, column, node.lineno, column + len(node.name))


class ModuleIndex:
    """Every module of the project by its dotted name: those under the sources, and what they import, when asked for."""

    def __init__(
        self, root: Path, import_roots: Sequence[str], findings: Findings, known: Mapping[str, str] | None = None
    ) -> None:
        """``known`` are texts by path that are taken instead of what the files hold."""
        self._root = root
        self._known = known or {}
        self._import_roots = tuple(_normal(root / item) for item in import_roots)
        self._findings = findings
        self._modules: dict[str, Module | None] = {}
        self._texts: dict[str, str] = {}
        self._ahead: dict[str, str] = {}
        self._compilation: Compilation | None = None
        self._parsed: set[str] = set()
        self.files: dict[str, str] = {}
        """Module names of the source files by path, in the order in which they are read; broken ones too."""
        self._listings: dict[Path, frozenset[str]] = {}
        self._found: dict[str, Path | None] = {}

    @property
    def texts(self) -> dict[str, str]:
        """Text of every file that was read, by path; also of those that cannot be parsed."""
        return self._texts

    def all_texts(self) -> Mapping[str, str]:
        """Texts by path: of what was read so far, and of what is known besides."""
        return {**self._texts, **self._known} if self._known else self._texts

    def at(self, path: str) -> Module | None:
        """The module in a file; None if the file is broken."""
        name = self._module_name(_normal(self._root / path))
        return None if name is None else self.get(name)

    def is_parsed(self, path: str) -> bool:
        """Whether a file that was read could be parsed too."""
        return path in self._parsed

    def add_sources(self, sources: Sequence[str]) -> tuple[Module, ...]:
        """Read the source files and folders; return their modules by path. Findings are noted for what is not read."""
        names: dict[str, Path] = {}
        paths = self._listed(sources)
        self._ahead = self._read_ahead(paths)
        self._compilation = beside(self._ahead)
        modules = [module for path in paths if (module := self._add(path, names)) is not None]
        return tuple(self._compiled(modules))

    def _read_ahead(self, paths: Iterable[Path]) -> dict[str, str]:
        """The texts of the files that can be read. Why others cannot is told when it is their turn."""
        found: dict[str, str] = {}
        for path in paths:
            relative = self._relative(path)
            with suppress(UnreadableError):
                found[relative] = self._known[relative] if relative in self._known else read_source(path)
        return found

    def _compiled(self, modules: Sequence[Module]) -> Iterator[Module]:
        """The modules without those that only the compiler refuses."""
        compilation, self._compilation = self._compilation, None
        fine = None if compilation is None else compilation.fine()
        for module in modules:
            if fine is None or module.path in fine or self._compiles(module):
                yield module

    def _compiles(self, module: Module) -> bool:
        with self._findings.of(module.path):
            if self._tried(module.path, lambda: compiled(module.tree)) is not None:
                return True
        self._parsed.discard(module.path)
        self._modules[module.name] = None
        return False

    def source_paths(self, sources: Sequence[str]) -> tuple[str, ...]:
        """The source files, in the order in which ``add_sources`` reads them."""
        return tuple(self._relative(path) for path in self._listed(sources))

    def _listed(self, sources: Sequence[str]) -> list[Path]:
        paths: set[Path] = set()
        for source in sources:
            try:
                paths.update(source_files(_normal(self._root / source)))
            except UnreadableError as error:
                self._unreadable(source, f"source '{source}' {error.reason}", error.help)
            paths.update(self._known_below(_normal(self._root / source)))
        return sorted(paths)

    def _known_below(self, source: Path) -> Iterator[Path]:
        """Files of which a text is known: an editor may hold one that was never saved."""
        known = (_normal(self._root / path) for path in self._known)
        return (path for path in known if would_be_found(path, source))

    def add_files(self, paths: Iterable[str]) -> tuple[Module, ...]:
        """Read some source files only; return their modules in the same order."""
        names: dict[str, Path] = {}
        added = (self._add(_normal(self._root / path), names) for path in paths)
        return tuple(module for module in added if module is not None)

    def get(self, name: str) -> Module | None:
        """The project's module of this name, read when it is first asked for; None if there is none or it is broken."""
        if name not in self._modules:
            path = self._find(name)
            self._modules[name] = None if path is None else self._read(name, path)
        return self._modules[name]

    def path_of(self, name: str) -> str | None:
        """Path of the file that has this module name, broken or not; None if there is none."""
        path = self._find(name)
        return None if path is None else self._relative(path)

    @property
    def searched(self) -> frozenset[str]:
        """The folders in which modules were looked for, by path relative to the project's folder, with those above up
        to the import root: whatever is put there may be one of them.
        """
        packages = {tuple(name.split(".")[:-1]) for name in self._found}
        found = {(package[0], package[:depth]) for package in packages for depth in range(1, len(package) + 1)}
        return frozenset(
            "/".join((self._relative(root), *package)).removeprefix("./")
            for first, package in found
            for root in self._roots_with(first)
        )

    def is_folder(self, name: str) -> bool:
        """Whether the name is that of a folder inside an import root: a package, with or without ``__init__.py``."""
        return any(is_folder(root.joinpath(*name.split("."))) for root in self._roots_with(name))

    def exists(self, name: str) -> bool:
        """Whether a file of the project has this module name, broken or not."""
        return self._find(name) is not None

    def _roots_with(self, name: str) -> Iterator[Path]:
        first = name.partition(".")[0]
        for root in self._import_roots:
            listing = self._listing(root)
            if first in listing or f"{first}.py" in listing:
                yield root

    def _listing(self, folder: Path) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(path.name for path in folder.iterdir())
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _find(self, name: str) -> Path | None:
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> Path | None:
        if not name or not all(name.split(".")):
            return None
        for root in self._roots_with(name):
            base = root.joinpath(*name.split("."))
            for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
                if is_file(path):
                    return path
        return None

    def _add(self, path: Path, names: dict[str, Path]) -> Module | None:
        name, relative = self._module_name(path), self._relative(path)
        if name is None:
            message = f"'{relative}' lies under no import root, so workers could not import it"
            self._unreadable(relative, message, "add its folder to 'import_roots' in the configuration")
            return None
        other = self._relative(names.setdefault(name, path))
        if other != relative:
            with self._findings.of(relative):
                self._findings.error(
                    "FS008",
                    f"two files are the module '{name}': '{other}' and '{relative}'",
                    _start(relative),
                    help="rename one of the two files: Python imports only one of them",
                    related=[(_start(other), "the other file")],
                )
            return None
        self.files[relative] = name
        if name not in self._modules:
            self._modules[name] = self._read(name, path)
        return self._modules[name]

    def _module_name(self, path: Path) -> str | None:
        fitting = [root for root in self._import_roots if path.is_relative_to(root)]
        if not fitting:
            return None
        parts = list(path.relative_to(max(fitting, key=lambda root: len(root.parts))).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        return ".".join(parts)

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def _unreadable(self, path: str, message: str, help: str) -> None:
        with self._findings.of(path):
            self._findings.error("FS002", message, _start(path), help=help)

    def _read(self, name: str, path: Path) -> Module | None:
        relative = self._relative(path)
        with self._findings.of(relative):
            text = self._text(path, relative)
            tree = None if text is None else self._tree(relative, text)
        if text is None or tree is None:
            return None
        self._parsed.add(relative)
        return Module(name, relative, text, tree, path.name == "__init__.py" and name != "__init__")

    def _tree(self, path: str, text: str) -> ast.Module | None:
        self._texts[path] = text
        if self._compilation is not None and path in self._compilation:
            return self._tried(path, lambda: parsed(text))
        return self._tried(path, lambda: compiled(parsed(text)))

    def _tried(self, path: str, read: Callable[[], ast.Module]) -> ast.Module | None:
        """What reading gives; None after a finding that it is no Python, or too complex."""
        try:
            return read()
        except SyntaxError as error:
            self._syntax_error(path, error)
        except (RecursionError, MemoryError):
            self._too_complex(path, 1)
        return None

    def _text(self, path: Path, relative: str) -> str | None:
        if relative in self._known:
            return self._known[relative]
        if relative in self._ahead:
            return self._ahead[relative]
        try:
            return read_source(path)
        except UnreadableError as error:
            self._unreadable(relative, f"'{relative}' {error.reason}", error.help)
            return None

    def _syntax_error(self, path: str, error: SyntaxError) -> None:
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        if "too many nested" in error.msg or "too many statically nested" in error.msg:
            self._too_complex(path, line)
            return
        end_line, end_column = error.end_lineno or line, error.end_offset or 0
        if (end_line, end_column) <= (line, column):
            end_line, end_column = line, column + 1
        self._findings.error(
            "FS001",
            f"syntax error: {error.msg}",
            Span(path, line, column, end_line, end_column),
            help=advice(error),
        )

    def _too_complex(self, path: str, line: int) -> None:
        self._findings.error(
            "FS010",
            f"'{path}' is too deeply nested to be read",
            Span(path, line, 1, line, 2),
            help="split the deeply nested expression into several named ones",
        )


def _start(path: str) -> Span:
    return Span(path, 1, 1, 1, 2)


def _normal(path: Path) -> Path:
    """The absolute path without ``..``; symbolic links stay."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps '..'
