"""Finding an asset by the name that a user wrote: in its own namespace first, then anywhere if the name is unique."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowstone.diagnostics.suggest import did_you_mean


@dataclass(frozen=True)
class Found:
    """What a name means: one asset, none, or several between which the name does not decide."""

    ids: tuple[str, ...]

    @property
    def one(self) -> str | None:
        return self.ids[0] if len(self.ids) == 1 else None

    @property
    def ambiguous(self) -> bool:
        return len(self.ids) > 1


class AssetNames:
    """The assets of a project by id and by name."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._by_name: dict[str, list[str]] = {}
        for asset in sorted(self._ids):
            self._by_name.setdefault(asset.rpartition(".")[2], []).append(asset)

    def find(self, text: str, namespace: str | None) -> Found:
        """The asset that a text names for a declaration in the given namespace."""
        if namespace is not None and f"{namespace}.{text}" in self._ids:
            return Found((f"{namespace}.{text}",))
        if text in self._ids:
            return Found((text,))
        return Found(tuple(self._by_name.get(text, ())))

    def suggest(self, text: str) -> str | None:
        """Names close to one that is not there."""
        return did_you_mean(text, [*self._ids, *self._by_name])
