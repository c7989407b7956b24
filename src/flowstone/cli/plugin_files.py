"""The code of IO managers that other packages bring: whoever works on one changes what is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from flowstone.registry import IO_MANAGERS, io_manager_types


def plugin_places(types: Iterable[str]) -> Iterator[str]:
    """Files and folders of the packages that bring IO managers of these types; nothing is imported."""
    foreign = set(types) - IO_MANAGERS.keys()
    if not foreign:
        return
    known = io_manager_types()
    for package in sorted({known[name].partition(":")[0].partition(".")[0] for name in foreign & known.keys()}):
        try:
            spec = find_spec(package)
        except (ImportError, ValueError):
            continue
        if spec is not None:
            yield from spec.submodule_search_locations or filter(None, [spec.origin])
