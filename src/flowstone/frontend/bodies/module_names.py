"""What a module binds at its top, as far as bodies matter: values that are assigned once, and which can be changed."""

from __future__ import annotations

import ast
from functools import cached_property

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bodies.origins import Origins, origins
from flowstone.frontend.tree import walk_outside

_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MAKERS = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"})


class ModuleNames:
    """The names of one module. Made from syntax alone."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree

    @cached_property
    def origins(self) -> Origins:
        """Where the names come from."""
        return origins(self._tree)

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """The values of the names that are assigned once."""
        found = {}
        for item in self._tree.body:
            targets = item.targets if isinstance(item, ast.Assign) else [getattr(item, "target", None)]
            value = getattr(item, "value", None)
            for target in targets:
                if isinstance(target, ast.Name) and value is not None and self.origins.bound[target.id] == 1:
                    found[target.id] = value
        return found

    @cached_property
    def changeable(self) -> dict[str, ast.expr]:
        """Those of them that hold a list, dict, set or the like."""
        return {name: value for name, value in self.assigned.items() if _is_container(value)}

    @cached_property
    def helpers(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions without decorators whose names stand for nothing else."""
        found = {item.name: item for item in self._tree.body if isinstance(item, FUNCTIONS) and not item.decorator_list}
        return {name: item for name, item in found.items() if self.origins.bound[name] == 1}

    @cached_property
    def is_seeded(self) -> bool:
        """Whether the module seeds a generator of random numbers when it is imported."""
        return any(isinstance(node, ast.Call) and seeds(node) for node in walk_outside(self._tree.body))


def seeds(call: ast.Call) -> bool:
    """Whether a call sounds as if it gave a seed: ``random.seed(7)``, ``seed_everything(7)``."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return "seed" in name.lower() and bool(call.args or call.keywords)


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", getattr(value.func, "id", "")) in _MAKERS
    return isinstance(value, _CONTAINERS)
