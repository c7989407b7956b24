"""What a name stands for, over all modules of the project.

A name that is bound under a condition keeps all its bindings; who asks decides.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from msgspec import Struct

import flowstone
from flowstone.dsl.vocabulary import PUBLIC_NAMES
from flowstone.frontend.bindings import Binding, NameTable
from flowstone.frontend.files import is_file, is_folder
from flowstone.frontend.mentions import Mentions
from flowstone.frontend.modules import Module, ModuleIndex


class Defined(Struct, frozen=True):
    """A name that a module of the project binds by something else than an import."""

    module: Module
    name: str
    bindings: tuple[Binding, ...]
    """In the order of the source; more than one if the name is bound again or under conditions."""


class ProjectModule(Struct, frozen=True):
    """A module or package of the project."""

    name: str
    module: Module | None
    """None for a folder without ``__init__.py``, or a broken file."""


class Public(Struct, frozen=True):
    """A public name of FlowStone."""

    name: str


class External(Struct, frozen=True):
    """Something outside the project, by its dotted name."""

    dotted: str


class Builtin(Struct, frozen=True):
    """A builtin of Python."""

    name: str


class Missing(Struct, frozen=True):
    """A name that its module does not bind."""

    module: str
    name: str
    broken: bool = False
    """The module exists and cannot be read, so nothing is known about the name."""
    unseen: str = ""
    """Why the name may be there all the same, and cannot be seen."""


Target = Defined | ProjectModule | Public | External | Builtin | Missing

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}
_MODULE_DEPTH = 50
_DYNAMIC = re.compile(r"\b(exec|globals|setattr|vars)\(")


def external(dotted: str) -> Public | External:
    """The target of a dotted name outside the project; FlowStone's own names are told apart."""
    if dotted.startswith("flowstone."):
        module, _, name = dotted.rpartition(".")
        if name in PUBLIC_NAMES and module in ("flowstone", PUBLIC_NAMES[name]):
            return Public(name)
    return External(dotted)


def unknown_public_name(target: Target) -> str | None:
    """The name, if the target is one that ``flowstone`` does not have."""
    if not isinstance(target, External) or not target.dotted.startswith("flowstone."):
        return None
    name = target.dotted.split(".")[1]
    folder = Path(flowstone.__file__).parent
    known = name in PUBLIC_NAMES or name.startswith("__") or is_folder(folder / name) or is_file(folder / f"{name}.py")
    return None if known else name


class Names:
    """Resolution of names over the modules of an index."""

    def __init__(self, index: ModuleIndex) -> None:
        self._index = index
        self._tables: dict[str, NameTable] = {}
        self._targets: dict[tuple[str, str], Target] = {}
        self._mentions = Mentions()
        self._dynamics: dict[str, str] = {}
        self._exports: dict[str, frozenset[str] | None] = {}
        self.holds: Callable[[Module, Binding], bool | None] = lambda _, __: None
        """Whether the conditions around a binding hold; None if that is not known. Set by who can evaluate them."""
        self.public: Callable[[Module], frozenset[str] | None] = self._literal_all
        """The names in a module's ``__all__``; None if they cannot be seen. Set by who can evaluate it."""

    def table(self, module: Module) -> NameTable:
        """The bindings of a module."""
        if module.name not in self._tables:
            self._tables[module.name] = NameTable(module)
        return self._tables[module.name]

    def imported_files(self, module: Module) -> frozenset[str]:
        """Paths of the project's modules that importing a module imports by itself: its packages too."""
        dotted = {module.name, *self.table(module).imported}
        names = {part for item in dotted for part in beginnings(item)}
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

    def texts(self) -> Collection[str]:
        """The texts of all files of the project that are known."""
        return self._index.all_texts().values()

    def mentioning(self, owner: Module, name: str) -> Iterator[Module]:
        """A module, and those of the project in whose text one of its names may occur."""
        yield owner
        texts = self._index.all_texts()
        for path in sorted(self._mentions.of(owner.name.rpartition(".")[2], texts)):
            if path != owner.path and name in texts[path]:
                module = self._index.at(path)
                if module is not None:
                    yield module

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
        if key in self._targets:
            return self._targets[key]
        if key in seen:
            return Missing(module.name, name)
        found = self._looked_up(module, name, seen, key)
        if not isinstance(found, Missing):  # what is missing may be so because of a circle
            self._targets[key] = found
        return found

    def _looked_up(self, module: Module, name: str, seen: frozenset[tuple[str, str]], key: tuple[str, str]) -> Target:
        if len(seen) > _MODULE_DEPTH:
            return Missing(module.name, name, unseen=f"it comes through more than {_MODULE_DEPTH} modules")
        table = self.table(module)
        bindings = _effective(table.bindings.get(name, ()))
        stars = table.later_stars(name)
        if stars:
            found = self._by_star(stars, module, name, seen | {key}, bound=bool(bindings))
            if found is not None:
                return found
        if not bindings:
            return Builtin(name) if name in _BUILTINS else Missing(module.name, name, unseen=self._dynamic(module))
        if all(binding.kind == "import" for binding in bindings):
            return self._imported(module, name, bindings, seen | {key})
        return Defined(module, name, bindings)

    def _imported(
        self, module: Module, name: str, bindings: tuple[Binding, ...], seen: frozenset[tuple[str, str]]
    ) -> Target:
        chosen = bindings[-1] if len(bindings) == 1 else self._chosen(module, bindings)
        if chosen is None:
            targets = [self._import(binding, seen) for binding in bindings]
            return targets[0] if isinstance(targets[0], External) else Defined(module, name, bindings)
        target = self._import(chosen, seen)
        if isinstance(target, Missing) and not target.broken and chosen.place.attempt:
            fallback = [item for item in self.table(module).bindings[name] if item.place.fallback]
            if fallback and fallback[-1].kind == "import":  # the import fails, and the handler makes up for it
                return self._import(fallback[-1], seen)
        return target

    def _chosen(self, module: Module, bindings: tuple[Binding, ...]) -> Binding | None:
        """The last one that runs; None if that is not known."""
        for binding in reversed(bindings):
            runs = self.holds(module, binding) if binding.place.guards else True
            if runs or runs is None:
                return binding if runs else None
        return bindings[-1]

    def _import(self, binding: Binding, seen: frozenset[tuple[str, str]]) -> Target:
        if binding.submodule:
            return self._root_of(binding.origin)
        return self._dotted(binding.origin, seen)

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
            if isinstance(found, Missing) and (found.unseen or found.broken):
                return found
            return Missing(owner, name, module is None and self._index.exists(owner), self._dynamic(module))
        return found

    def _literal_all(self, module: Module) -> frozenset[str] | None:
        """The names in an ``__all__`` that is one literal list."""
        bindings = self.table(module).bindings["__all__"]
        items = bindings[0].value.elts if isinstance(bindings[0].value, ast.List | ast.Tuple) else None
        if len(bindings) != 1 or items is None:
            return None
        names = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        return frozenset(names) if len(names) == len(items) else None

    def _dynamic(self, module: Module | None) -> str:
        """Why a module may have names that no statement binds; empty if it has none."""
        if module is None:
            return ""
        if module.name not in self._dynamics:
            self._dynamics[module.name] = self._look_for_dynamic(module)
        return self._dynamics[module.name]

    def _look_for_dynamic(self, module: Module) -> str:
        if "__getattr__" in self.table(module).bindings:
            return f"'{module.name}' has a function __getattr__"
        found = _DYNAMIC.search(module.source)
        return "" if found is None else f"'{module.name}' may bind it by {found[1]}()"

    def _by_star(
        self, stars: tuple[str, ...], module: Module, name: str, seen: frozenset[tuple[str, str]], *, bound: bool
    ) -> Target | None:
        """What the last star import that has the name brings. Packages outside the project are not looked into."""
        for origin in reversed(stars):
            if isinstance(self._root_of(origin), External):
                if origin == "flowstone" and name in PUBLIC_NAMES:
                    return Public(name)
                if origin != "flowstone" and not bound and name not in _BUILTINS:
                    return Missing(module.name, name, unseen=f"'from {origin} import *' may bring it")
                continue
            source = self._index.get(origin)
            if source is None:
                if self._index.exists(origin) and not bound:
                    return Missing(origin, name, broken=True)
                continue
            found = self._lookup(source, name, seen)
            if isinstance(found, Builtin) or (isinstance(found, Missing) and not found.unseen and not found.broken):
                continue
            exported = self.exports(source, name)
            if exported is None:
                return Missing(module.name, name, unseen=f"the __all__ of '{origin}' is not a constant")
            if exported:
                return found
        return None

    def exports(self, module: Module, name: str) -> bool | None:
        """Whether ``from module import *`` brings the name; None if that cannot be seen."""
        if "__all__" not in self.table(module).bindings:
            return not name.startswith("_")
        if module.name not in self._exports:
            self._exports[module.name] = None  # ends a circle
            self._exports[module.name] = self.public(module)
        names = self._exports[module.name]
        return None if names is None else name in names


def beginnings(dotted: str) -> Iterator[str]:
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
    origins = {(item.origin, item.submodule) for item in kept if item.kind == "import"}
    return kept[:1] if len(origins) == 1 and all(item.kind == "import" for item in kept) else kept
