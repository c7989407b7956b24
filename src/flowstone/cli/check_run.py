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
    from flowstone.targets.versions import ChosenTarget, Lowering


def find(settings: Settings, *, use_cache: bool, texts: Mapping[str, str] = MappingProxyType({})) -> CheckResult:
    """All findings, whatever is selected, and the number of assets.

    ``texts`` hold instead of what is in the files; what is found with them is not kept.
    """
    cache = CheckCache(settings)
    known = cache.get() if use_cache and not texts else None
    if known is not None:
        return known
    from flowstone.ir.light_pydantic import without_plugins

    with without_plugins():
        return _find(settings, cache, use_cache=use_cache, texts=texts)


def _find(settings: Settings, cache: CheckCache, *, use_cache: bool, texts: Mapping[str, str]) -> CheckResult:
    from flowstone.checks import judge
    from flowstone.frontend import load

    again = cache.judge_again(texts) if use_cache else None
    judgement = again.judgement if again else judge(load(settings, fingerprints=False, texts=texts), settings)
    _keep((again, judgement))
    loaded = judgement.loaded
    assets = again.assets if again else len(loaded.project.assets)
    result = CheckResult(judgement.diagnostics, assets, frozenset(loaded.sources))
    if use_cache and not texts:
        cache.put(loaded.sources, result.diagnostics, result.assets, loaded.searched)
        if again is None:
            cache.put_judgement(judgement)
    return result


def find_for(
    settings: Settings, target: ChosenTarget, *, use_cache: bool, texts: Mapping[str, str] = MappingProxyType({})
) -> tuple[CheckResult, tuple[Lowering, ...]]:
    """All findings, those of a target among them, and how that does what the project uses."""
    from flowstone.checks import find_all
    from flowstone.frontend import load

    again = CheckCache(settings).judge_again(texts, whole=True) if use_cache else None
    loaded = again.judgement.loaded if again else load(settings, fingerprints=False, texts=texts)
    _keep((again, loaded))
    found = find_all(loaded, settings, target)
    result = CheckResult(found, len(loaded.project.assets), frozenset(loaded.sources))
    return result, target.lowerings(loaded.project)


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
