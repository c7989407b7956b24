"""Whether a type promises a value: None is certainly none of what it names."""

from __future__ import annotations

import sys
from collections.abc import Collection

from flowstone.checks.known_types import canonical, known_types
from flowstone.ir.types import UNKNOWN, TypeExpr

_MAY_BE_NONE = frozenset({"None", UNKNOWN, "object", "Hashable", "Never", "NoReturn"})
_PACKAGES = sys.stdlib_module_names | {
    *("dask", "duckdb", "geopandas", "httpx", "ibis", "matplotlib", "networkx", "numpy", "pandas", "PIL", "polars"),
    *("pyarrow", "pyspark", "requests", "scipy", "shapely", "sklearn", "torch", "xarray"),
}
"""Packages whose capitalised names are classes. Those of others may stand for unions."""
_ALIASES = frozenset({"typing", "_typing", "type_aliases", "types"})
"""Modules of such packages for which that does not hold."""


def promises_value(type: TypeExpr, own: Collection[str]) -> bool:
    """Whether None does not fit a type. ``own`` are the classes of the project."""
    return not any(_may_be_none(member, own) for member in type.members)


def _may_be_none(member: TypeExpr, own: Collection[str]) -> bool:
    if member.name in _MAY_BE_NONE or None in member.values:
        return True
    module, _, name = member.name.rpartition(".")
    if not module or member.name in own or module == "flowstone" or canonical(member.name) in known_types():
        return False
    parts = module.split(".")
    return parts[0] not in _PACKAGES or bool(_ALIASES & set(parts)) or not name[:1].isupper()
