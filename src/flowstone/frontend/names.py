"""What a name stands for, over all modules of the project.

A name that is bound under a condition keeps all its bindings; who asks decides.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import flowstone
from flowstone.dsl.vocabulary import PUBLIC_NAMES, UNSUPPORTED_NAMES
from flowstone.frontend.bindings import Binding, NameTable
from flowstone.frontend.files import is_file, is_folder
from flowstone.frontend.modules import Module, ModuleIndex


@dataclass(frozen=True, slots=True)
class Defined:
    """A name that a module of the project binds by something else than an import."""

    module: Module
    name: str
    bindings: tuple[Binding, ...]
    """In the order of the source; more than one if the name is bound again or under conditions."""


@dataclass(frozen=True, slots=True)
class ProjectModule:
    """A module or package of the project."""

    name: str
    module: Module | None
    """None for a folder without ``__init__.py``, or a broken file."""


@dataclass(frozen=True, slots=True)
class Public:
    """A public name of FlowStone."""

    name: str


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the project, by its dotted name."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A builtin of Python."""

    name: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that its module does not bind."""

    module: str
    name: str
    broken: bool = False
    """The module exists and cannot be read, so nothing is known about the name."""


Target = Defined | ProjectModule | Public | External | Builtin | Missing

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}
_MODULE_DEPTH = 50


def external(dotted: str) -> Public | External:
    """The target of a dotted name outside the project; FlowStone's own names are told apart."""
    if dotted.startswith("flowstone."):
        module, _, name = dotted.rpartition(".")
        if name in PUBLIC_NAMES and module in ("flowstone", PUBLIC_NAMES[name]):
            return Public(name)
    return External(dotted)


def unknown_public_name(target: Target) -> str | None:
    """The name, if the target is one that ``flowstone`` does not have (or only reserves)."""
    if not isinstance(target, External) or not target.dotted.startswith("flowstone."):
        return None
    name = target.dotted.split(".")[1]
    if name in UNSUPPORTED_NAMES:
        return name
    folder = Path(flowstone.__file__).parent
    known = name in PUBLIC_NAMES or name.startswith("__") or is_folder(folder / name) or is_file(folder / f"{name}.py")
    return None if known else name


class Names:
    """Resolution of names over the modules of an index."""

    def __init__(self, index: ModuleIndex) -> None:
        self._index = index
        self._tables: dict[str, NameTable] = {}
        self._targets: dict[tuple[str, str], Target] = {}

    def table(self, module: Module) -> NameTable:
        """The bindings of a module."""
        if module.name not in self._tables:
            self._tables[module.name] = NameTable(module)
        return self._tables[module.name]

    def imported_files(self, module: Module) -> frozenset[str]:
        """Paths of the project's modules that importing a module imports by itself: its packages too."""
        dotted = {module.name, *self.table(module).imported}
        names = {part for item in dotted for part in _beginnings(item)}
        return frozenset(path for name in names if (path := self._index.path_of(name)) is not None) - {module.path}

    def misplaced(self, module: Module, dotted: str) -> str | None:
        """The name that a module of the project has, if a module imports it as if its folder were an import root.

        Only names of two parts or more are judged: ``stripe`` beside a file ``stripe.py`` is another package.
        """
        first, _, rest = dotted.partition(".")
        if not rest or first in sys.stdlib_module_names or self._index.exists(first) or self._index.is_folder(first):
            return None
        imported = f"{first}.{rest.partition('.')[0]}"
        folders = module.name.split(".")[:-1]
        names = (".".join([*folders[:depth], imported]) for depth in range(1, len(folders) + 1))
        return next(filter(self._index.exists, names), None)

    def lookup(self, module: Module, name: str) -> Target:
        """What a bare name stands for at module level."""
        key = (module.name, name)
        if key not in self._targets:
            self._targets[key] = self._lookup(module, name, frozenset())
        return self._targets[key]

    def resolve(self, module: Module, node: ast.expr) -> Target | None:
        """What a name or a dotted name stands for; None if it is another expression or an attribute of a value."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        target: Target | None = self.lookup(module, node.id)
        for attribute in reversed(attributes):
            target = self.attribute(target, attribute)
            if target is None:
                return None
        return target

    def attribute(self, target: Target | None, name: str) -> Target | None:
        """What an attribute of a target stands for; None if that is an attribute of a value or class."""
        if isinstance(target, External):
            return external(f"{target.dotted}.{name}")
        if isinstance(target, ProjectModule):
            return self._member(target.name, name, frozenset())
        return None

    def dotted(self, name: str) -> Target:
        """What an absolute dotted name stands for, as an import would find it."""
        return self._dotted(name, frozenset())

    def _lookup(self, module: Module, name: str, seen: frozenset[tuple[str, str]]) -> Target:
        key = (module.name, name)
        if key in seen or len(seen) > _MODULE_DEPTH:
            return Missing(module.name, name)
        table = self.table(module)
        bindings = _effective(table.bindings.get(name, ()))
        if not bindings:
            return self._by_star(module, name, seen | {key}) or (
                Builtin(name) if name in _BUILTINS else Missing(module.name, name)
            )
        if all(binding.kind == "import" for binding in bindings):
            return self._imported(bindings, seen | {key})
        return Defined(module, name, bindings)

    def _imported(self, bindings: tuple[Binding, ...], seen: frozenset[tuple[str, str]]) -> Target:
        first = bindings[0]
        if first.submodule:
            return self._root_of(first.origin)
        return self._dotted(first.origin, seen)

    def _root_of(self, dotted: str) -> Target:
        root = dotted.partition(".")[0]
        if root != "flowstone" and (self._index.exists(root) or self._index.is_folder(root)):
            return ProjectModule(root, self._index.get(root))
        return External(root)

    def _dotted(self, name: str, seen: frozenset[tuple[str, str]]) -> Target:
        target = self._root_of(name)
        if isinstance(target, External):
            return external(name)
        for part in name.split(".")[1:]:
            if not isinstance(target, ProjectModule):
                return Missing(name.rpartition(".")[0], part)
            target = self._member(target.name, part, seen)
        return target

    def _member(self, owner: str, name: str, seen: frozenset[tuple[str, str]]) -> Target:
        module = self._index.get(owner)
        dotted = f"{owner}.{name}"
        found: Target = Missing(owner, name)
        if module is not None:
            found = self._lookup(module, name, seen)
        if isinstance(found, Missing | Builtin):
            if self._index.exists(dotted) or self._index.is_folder(dotted):
                return ProjectModule(dotted, self._index.get(dotted))
            return Missing(owner, name, broken=module is None and self._index.exists(owner))
        return found

    def _by_star(self, module: Module, name: str, seen: frozenset[tuple[str, str]]) -> Target | None:
        for origin in reversed(self.table(module).stars):
            root = self._root_of(origin)
            if isinstance(root, External):
                if origin == "flowstone" and name in PUBLIC_NAMES:
                    return Public(name)
                continue
            source = self._index.get(origin)
            if source is None or not self.table(source).exports(name):
                continue
            found = self._lookup(source, name, seen)
            if not isinstance(found, Missing | Builtin):
                return found
        return None


def _beginnings(dotted: str) -> Iterator[str]:
    """``a``, ``a.b`` and ``a.b.c`` of ``a.b.c``."""
    parts = dotted.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _effective(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """Leave out what an import in ``if TYPE_CHECKING`` or a fallback for a failed import adds."""
    if len(bindings) < 2:
        return bindings
    kept = tuple(item for item in bindings if not item.place.typing_only) or bindings
    if any(item.kind == "import" and not item.place.fallback for item in kept):
        kept = tuple(item for item in kept if not item.place.fallback)
    origins = {item.origin for item in kept if item.kind == "import"}
    return kept[:1] if len(origins) == 1 and all(item.kind == "import" for item in kept) else kept
