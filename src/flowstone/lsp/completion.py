"""What may stand at the cursor: names of assets, resources and jobs, keywords, options of IO managers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from flowstone.dsl.signals import HANDLERS
from flowstone.dsl.vocabulary import (
    STORAGE_KEYWORDS,
    AssetKeywords,
    CheckKeywords,
    ResourceKeywords,
    SensorKeywords,
)
from flowstone.errors import ConfigurationError
from flowstone.frontend.expected import hints, words
from flowstone.ir.project import Project
from flowstone.lsp.cursor import Bracket, Cursor
from flowstone.lsp.mentions import Target
from flowstone.registry import io_manager_class

_VOCABULARY: dict[str, type] = {
    "asset": AssetKeywords,
    "check": CheckKeywords,
    "resource": ResourceKeywords,
    "sensor": SensorKeywords,
}
_ALIAS = re.compile(r"\b(asset|check|resource|sensor|Dep|Job)\s+as\s+([A-Za-z_]\w*)")
_DECORATOR = re.compile(r"^\s*@\s*([\w.]+)(.*)$", re.MULTILINE)
_MANAGER = re.compile(r"\bio_manager\s*=\s*[\"']([^\"']*)[\"']")
_CHECKED = re.compile(r"\basset\s*=\s*[\"']([^\"']*)[\"']")
_ATOM_START = re.compile(r"[^\s,+]*$")


@dataclass(frozen=True)
class Proposal:
    """Something that may stand at the cursor."""

    label: str
    kind: str
    """``asset``, ``resource``, ``keyword`` or ``value``."""
    detail: str = ""
    insert: str | None = None
    """What is written, where it is not the label."""
    target: Target | None = None


@dataclass(frozen=True)
class Proposals:
    """What may stand at the cursor, and what of the text before it is replaced."""

    prefix: str
    items: list[Proposal]


def propose(project: Project, cursor: Cursor, default_manager: str) -> Proposals:
    """All that may stand at the cursor; nothing where FlowStone has nothing to say."""
    proposer = _Proposer(project, cursor, default_manager)
    if cursor.in_string:
        items = list(proposer.in_string())
        whole = cursor.keyword in ("select", "exclude")
        match = _ATOM_START.search(cursor.prefix)
        return Proposals(match[0] if whole and match else cursor.prefix, items)
    return Proposals(cursor.prefix, list(proposer.outside()))


class _Proposer:
    def __init__(self, project: Project, cursor: Cursor, default_manager: str) -> None:
        self._project = project
        self._cursor = cursor
        self._default_manager = default_manager
        text = f"{cursor.above}\n{cursor.statement}"
        self._words: dict[str, str] = {alias: word for word, alias in _ALIAS.findall(text)}

    def _meaning(self, word: str) -> str:
        return self._words.get(word, word.rpartition(".")[2])

    # -- outside of strings ----------------------------------------------------------------------------------------

    def outside(self) -> Iterator[Proposal]:
        """Parameters of a function, keywords of a declaration, and names that still need their quotes."""
        brackets = self._cursor.brackets
        if not brackets:
            return
        inner = brackets[-1]
        if inner.is_definition:
            if not inner.is_value:
                yield from self._parameters()
        elif inner.is_decorator and inner.keyword is None:
            yield from self._keywords(inner)
        elif self._kind_of_names() and not inner.is_value:
            for item in self._names(self._kind_of_names()):
                yield Proposal(item.label, item.kind, item.detail, f'"{item.insert or item.label}"', item.target)

    def _parameters(self) -> Iterator[Proposal]:
        decorators = self._decorators()
        given = set(re.findall(r"[(,]\s*([A-Za-z_]\w*)\s*[:=,]", self._cursor.statement))
        kinds = [self._meaning(word) for word, _ in decorators]
        if "asset" in kinds:
            yield from (item for item in self._assets(own=True) if item.label not in given)
        elif "check" in kinds:
            checked = _CHECKED.search(decorators[kinds.index("check")][1])
            name = checked[1].rpartition(".")[2] if checked else ""
            yield from (item for item in self._assets(own=True) if item.label == name and name not in given)
        elif (word := next((word for word in HANDLERS if word in kinds), None)) is not None:
            own = {"payload": "the answer", "signal": "what the asset's function returned"}
            for name, told in own.items() if word == "on_signal" else [("signal", own["signal"])]:
                if name not in given:
                    yield Proposal(name, "value", told)
            yield from (item for item in self._assets(own=True) if item.label not in given)
        elif "sensor" in kinds and "cursor" not in given:
            yield Proposal("cursor", "value", "what the sensor gave last")
        elif "resource" not in kinds and "sensor" not in kinds:
            return
        yield from (item for item in self._resources() if item.label not in given)

    def _decorators(self) -> list[tuple[str, str]]:
        """Names and rest of the decorators right above the function."""
        lines = self._cursor.above.split("\n")
        first = len(lines)
        while first > 0 and lines[first - 1].strip() and not re.match(r"\s*(?:def|async|class)\b", lines[first - 1]):
            first -= 1
        head = "\n".join(lines[first:])
        found = list(_DECORATOR.finditer(head))
        starts = [item.start() for item in found]
        return [
            (item[1], head[start:end]) for item, start, end in zip(found, starts, [*starts[1:], None], strict=False)
        ]

    def _keywords(self, bracket: Bracket) -> Iterator[Proposal]:
        kind = self._meaning(bracket.callee)
        if kind not in _VOCABULARY or bracket.is_value:
            return
        options = self._options()
        for name, hint in hints(_VOCABULARY[kind]).items():
            if name in bracket.keywords or (name in STORAGE_KEYWORDS and options is not None and name not in options):
                continue
            option = "option of the IO manager" if name in STORAGE_KEYWORDS else words(hint)
            yield Proposal(f"{name}=", "keyword", option, f"{name}=")

    def _options(self) -> dict[str, Any] | None:
        """The options that the asset's IO manager knows, with their annotations; None if it is not known itself."""
        named = _MANAGER.findall(self._cursor.statement)
        config = self._project.io_managers.get(named[-1] if named else self._default_manager)
        if config is None:
            return None
        try:
            fields = io_manager_class(config.type).AssetOptions.model_fields
        except ConfigurationError:
            return None
        return {name: item.annotation for name, item in fields.items()}

    # -- in strings ------------------------------------------------------------------------------------------------

    def in_string(self) -> Iterator[Proposal]:
        """Names and other texts that a keyword takes."""
        kind = self._kind_of_names()
        if kind:
            yield from self._names(kind)
            return
        if self._names_registry():
            yield from (Proposal(name, "value", "registry of keys") for name in self._project.registries)
            return
        keyword, options = self._cursor.keyword, self._options()
        if not self._in_declaration():
            return
        if keyword == "io_manager":
            yield from (Proposal(name, "value", item.type) for name, item in self._project.io_managers.items())
        elif keyword == "concurrency":
            limits = self._project.concurrency.items()
            yield from (Proposal(name, "value", f"{size:,} at once") for name, size in limits)
        elif keyword == "group":
            yield from (Proposal(name, "value") for name in sorted({a.group for a in self._project.assets.values()}))
        elif keyword == "io" and options is not None:
            yield from (Proposal(name, "keyword") for name in options if name not in STORAGE_KEYWORDS)
        elif keyword in STORAGE_KEYWORDS and options is not None:
            yield from (Proposal(text, "value") for text in _texts(options.get(keyword)))

    def _names_registry(self) -> bool:
        """Whether the string is the name of a registry of dynamic partitions."""
        inner = self._cursor.brackets[-1] if self._cursor.brackets else None
        if inner is None or not inner.callee:
            return False
        if self._meaning(inner.callee) == "DynamicPartitions":
            return inner.keyword == "name" or (inner.keyword is None and inner.items == 0)
        adds = inner.callee.rpartition(".")[2] == "add_partitions"
        return adds and (inner.keyword == "registry" or (inner.keyword is None and inner.items == 0))

    def _in_declaration(self) -> bool:
        return any(item.is_decorator for item in self._cursor.brackets)

    def _kind_of_names(self) -> str:
        """Whether the names of ``assets``, ``resources`` or ``jobs``, or a ``selector``, are wanted at the cursor."""
        brackets = self._cursor.brackets
        inner = next((item for item in reversed(brackets) if item.callee), None)
        if inner is None:
            return ""
        word = self._meaning(inner.callee)
        if word == "Dep":
            return "assets" if inner.keyword == "asset" or (inner.keyword is None and inner.items == 0) else ""
        if word == "OnUpdate":
            return "assets" if inner.keyword is None else ""
        if word == "Job":
            place = {None: inner.items, "select": 1, "exclude": 2}.get(inner.keyword, 0)
            return "selector" if place in (1, 2) else ""
        if not inner.is_decorator:
            return ""
        kinds = {"depends_on": "assets", "optional_deps": "assets", "requires": "resources"}
        if word in ("check", "sensor"):
            kinds = {"asset": "assets"} if word == "check" else {"job": "jobs"}
        return kinds.get(inner.keyword or "", "")

    def _names(self, kind: str) -> Iterator[Proposal]:
        if kind == "resources":
            yield from self._resources()
            return
        if kind == "jobs":
            jobs = self._project.jobs.values()
            yield from (Proposal(job.name, "value", "job", target=Target("job", job.name)) for job in jobs)
            return
        yield from self._assets(own=False)
        if kind == "selector":
            assets = self._project.assets.values()
            yield from (Proposal(f"group:{name}", "value") for name in sorted({item.group for item in assets}))
            yield from (
                Proposal(f"tag:{tag}", "value") for tag in sorted({tag for item in assets for tag in item.tags})
            )
            owners = {owner for item in assets for owner in item.owners}
            yield from (Proposal(f"owner:{owner}", "value") for owner in sorted(owners))

    def _assets(self, *, own: bool) -> Iterator[Proposal]:
        """All assets, by the names of parameters or by their ids."""
        for asset in self._project.assets.values():
            detail = f"asset → {asset.type}" if asset.type is not None else "asset"
            yield Proposal(asset.name if own else asset.id, "asset", detail, target=Target("asset", asset.id))

    def _resources(self) -> Iterator[Proposal]:
        for resource in self._project.resources.values():
            returns = resource.signature.returns
            detail = "resource" if returns is None else f"resource → {returns}"
            yield Proposal(resource.name, "resource", detail, target=Target("resource", resource.name))


def _texts(annotation: Any) -> Iterable[str]:
    """The texts among the values of a ``Literal``, also of one that may be None."""
    for item in get_args(annotation):
        if isinstance(item, str):
            yield item
        else:
            yield from _texts(item)
