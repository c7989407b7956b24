"""What is kept of the reading of each file besides the nodes, so that the files can be read anew one by one."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from flowstone.frontend.drafts import Draft, Drafts

READER = "item_reader"
"""Kind of a name by which assets may be scattered: what else is a resource cannot be."""
RESOURCES = frozenset({"resource", READER})


class Name(Struct, frozen=True):
    """What other modules can see of a declaration."""

    kind: str
    id: str
    assets: tuple[str, ...]
    """Ids of the assets that it makes."""
    checked: str | None
    """The asset that a check is for, as written."""

    @property
    def bare(self) -> set[str]:
        """Names by which other declarations may mean it, without namespaces."""
        return {name.rpartition(".")[2] for name in (self.id, *self.assets)}


class FileFacts(Struct, frozen=True):
    """How a source file is tied to others."""

    module: str
    """Dotted name of the module."""
    names: frozenset[Name]
    """What it declares, duplicates left out."""
    calls: frozenset[str]
    """Names of the modules whose factories it calls."""
    declares: bool
    """Whether it declares anything."""
    silenced: bool
    """Whether it mentions names that are missing only because of a finding elsewhere."""

    def to_json(self) -> list[Any]:
        """The facts as a JSON value."""
        names = [[name.kind, name.id, list(name.assets), name.checked] for name in self.names]
        return [self.module, names, list(self.calls), self.declares, self.silenced]

    @classmethod
    def from_json(cls, data: list[Any]) -> FileFacts:
        """The inverse of ``to_json``. Errors: ValueError, TypeError for other data."""
        module, names, calls, declares, silenced = data
        found = frozenset(Name(kind, own, tuple(assets), checked) for kind, own, assets, checked in names)
        return cls(str(module), found, frozenset(calls), bool(declares), bool(silenced))


def name_of(draft: Draft) -> Name:
    """What other modules can see of a draft."""
    checked = draft.keywords.values.get("asset") if draft.declared.kind == "check" else None
    assets = tuple(draft.asset_ids().values()) if draft.declared.kind == "asset" else ()
    kind = READER if draft.declared.word == "item_reader" else draft.declared.kind
    return Name(kind, draft.id, assets, checked)


def hidden_names(drafts: Drafts) -> dict[str, frozenset[str]]:
    """Names of declarations that each file left out because of a finding."""
    return {path: frozenset(names) for path, names in drafts.hidden_in.items()}
