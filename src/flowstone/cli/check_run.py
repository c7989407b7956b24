"""A check without its command: from settings to findings, out of the cache where that still holds."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from flowstone.cli.check_cache import CheckCache, CheckResult

if TYPE_CHECKING:
    from flowstone.config import Settings


def find(settings: Settings, *, use_cache: bool, texts: Mapping[str, str] = MappingProxyType({})) -> CheckResult:
    """All findings, whatever is selected, and the number of assets.

    ``texts`` hold instead of what is in the files; what is found with them is not kept.
    """
    cache = CheckCache(settings)
    known = cache.get() if use_cache and not texts else None
    if known is not None:
        return known
    from flowstone.checks import find_all
    from flowstone.frontend import load

    part = cache.reload(texts) if use_cache else None
    loaded = part or load(settings, fingerprints=False, texts=texts)
    _keep(loaded)
    result = CheckResult(find_all(loaded, settings), len(loaded.project.assets), frozenset(loaded.sources))
    if use_cache and not texts:
        cache.put(loaded.sources, result.diagnostics, result.assets)
        if part is None:
            cache.put_project(loaded)
    return result


@contextmanager
def no_collection() -> Iterator[None]:
    """Libraries, syntax trees and IR stay to the end: looking for garbage among them takes a tenth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()
            gc.enable()


def _keep(value: object) -> None:
    """Never take a value apart: the end of the process does that at once. ``gc.freeze`` hides the circle."""
    circle: list[object] = [value]
    circle.append(circle)
