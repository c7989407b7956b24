"""Finding an asset by the name that a user wrote: in its own namespace first, then anywhere if the name is unique."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell
from flowstone.frontend.drafts import Draft, Drafts
from flowstone.frontend.findings import Findings


class Found(Struct, frozen=True):
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
        self.ids = frozenset(ids)
        self._by_name: dict[str, list[str]] = {}
        for asset in sorted(self.ids):
            self._by_name.setdefault(asset.rpartition(".")[2], []).append(asset)

    def find(self, text: str, namespace: str | None) -> Found:
        """The asset that a text names for a declaration in the given namespace."""
        if namespace is not None and f"{namespace}.{text}" in self.ids:
            return Found((f"{namespace}.{text}",))
        if text in self.ids:
            return Found((text,))
        return Found(tuple(self._by_name.get(text, ())))

    @cached_property
    def known(self) -> frozenset[str]:
        """Everything that may be written for an asset."""
        return self.ids.union(self._by_name)

    @cached_property
    def last(self) -> frozenset[str]:
        """The names of the assets without their namespaces."""
        return frozenset(self._by_name)

    def suggest(self, text: str) -> str | None:
        """Names close to one that is not there."""
        return did_you_mean(text, self.known)


class AssetFinder:
    """Finds assets by the names that users wrote, and notes findings for those that are not there."""

    def __init__(self, drafts: Drafts, findings: Findings) -> None:
        self._drafts = drafts
        self._findings = findings
        self.names = AssetNames(drafts.assets.keys() | drafts.other_assets)

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Everything that a parameter of an asset may be named like."""
        return self.names.last.union(self._drafts.resource_names())

    def checked_asset(self, draft: Draft) -> str | None:
        """The id of the asset that a check is for, or None after a finding."""
        text = draft.keywords.values.get("asset")
        if text is None:
            if "asset" not in draft.keywords.refused:
                message = f"check '{draft.name}' does not say which asset it checks"
                self._findings.error("FS005", message, draft.declared.span, help='add asset="name_of_the_asset"')
            return None
        return self.asset(text, None, draft.keywords.spans["asset"], "FS113", f"check '{draft.name}' is for")

    def asset(
        self,
        text: str,
        namespace: str | None,
        span: Span,
        code: str,
        why: str,
        what: str = "asset",
        argument: str = "asset",
    ) -> str | None:
        """The id that a text names, or None after a finding."""
        found = self.names.find(text, namespace)
        if found.one is not None:
            return found.one
        if found.ambiguous:
            self.ambiguous(text, found.ids, span, f"write the one that is meant: '{found.ids[0]}'")
        elif not self.is_hidden(text):
            hint = self.names.suggest(text) or "declare it, or correct the name"
            near = nearest(text, self.names.known)
            fix = None if near is None else respell(span, text, near, argument=argument)
            self._findings.error(code, f"{why} '{text}', and there is no such {what}", span, help=hint, fix=fix)
        return None

    def ambiguous(self, name: str, ids: tuple[str, ...], span: Span, help: str) -> None:
        """Note a name that several assets have."""
        self._findings.error(
            "FS110",
            f"'{name}' can be any of {', '.join(map(repr, ids))}",
            span,
            help=help,
            related=[(self._drafts.asset_span(asset), f"'{asset}' is declared here") for asset in ids],
        )

    def is_hidden(self, text: str) -> bool:
        """Whether something of this name exists and already has a finding."""
        hidden = text.rpartition(".")[2] in self._drafts.hidden
        if hidden:
            self._drafts.silenced.add(self._findings.owner)
        return hidden
