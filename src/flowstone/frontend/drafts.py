"""Declarations with their names and keywords known, before parameters are bound to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.dependency import Output
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.declarations import Declared, Kind
from flowstone.frontend.expected import shown
from flowstone.frontend.findings import Findings
from flowstone.frontend.keywords import Keywords, read_keywords
from flowstone.frontend.places import span_of
from flowstone.ir.node import Location

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JOB_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
MAX_NAME = 100
"""Longest part of a name, in characters: it becomes part of file names."""
_SHADOWED = {"asset": "FS102", "resource": "FS104", "check": "FS112", "sensor": "FS610"}


class Draft(Struct, frozen=True, eq=False):
    """One asset function, resource, check or sensor."""

    declared: Declared
    keywords: Keywords
    name: str
    namespace: str | None = None
    outputs: Mapping[str, Output] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """``name`` or ``namespace.name``."""
        return self.name if self.namespace is None else f"{self.namespace}.{self.name}"

    def asset_ids(self) -> dict[str, str]:
        """Ids of the assets that the function makes, by the name of the output."""
        if not self.outputs:
            return {self.name: self.id}
        prefix = "" if self.namespace is None else f"{self.namespace}."
        return {name: f"{prefix}{name}" for name in self.outputs}

    @property
    def name_span(self) -> Span:
        """Where the name is given."""
        return self.keywords.spans.get("name", self.declared.span)


class Drafts:
    """All drafts of a project by kind, without duplicates."""

    def __init__(self) -> None:
        self.steps: dict[str, Draft] = {}
        self.assets: dict[str, Draft] = {}
        """The draft that makes each asset, by the asset's id."""
        self.resources: dict[str, Draft] = {}
        self.sensors: dict[str, Draft] = {}
        self.checks: list[Draft] = []
        self.checks_by_name: dict[str, list[Draft]] = {}
        self.hidden: set[str] = set()
        """Names of declarations that exist and were left out because of a finding."""
        self.hidden_in: dict[str, set[str]] = {}
        """Those of each file, by the path of the module that was read."""
        self.silenced: set[str] = set()
        """Paths of the files that mention hidden names, which is no finding."""
        self.other_assets: dict[str, Location] = {}
        """Where the assets are declared that exist besides, by id, if only a part of the project is read."""
        self.other_resources: dict[str, Location] = {}
        self.other_readers: set[str] = set()
        """The item readers among the latter."""

    def hide(self, path: str, names: Iterable[str]) -> None:
        """Note names of declarations of a file that were left out because of a finding."""
        hidden = set(names)
        if hidden:
            self.hidden |= hidden
            self.hidden_in.setdefault(path, set()).update(hidden)

    def asset_span(self, asset: str) -> Span:
        """Where an asset is declared."""
        draft = self.assets.get(asset)
        return span_of(self.other_assets[asset]) if draft is None else draft.name_span

    def resource_names(self) -> set[str]:
        """Every resource of the project."""
        return self.resources.keys() | self.other_resources

    def is_item_reader(self, name: str) -> bool:
        """Whether a resource of the project is an item reader."""
        draft = self.resources.get(name)
        return name in self.other_readers if draft is None else draft.declared.word == "item_reader"

    def resource_span(self, name: str) -> Span:
        """Where a resource is declared."""
        draft = self.resources.get(name)
        return span_of(self.other_resources[name]) if draft is None else draft.name_span


def make_drafts(declared: Iterable[Declared], evaluator: Evaluator, findings: Findings) -> Drafts:
    """Read the keywords of every declaration and note those that are declared twice."""
    drafts = Drafts()
    for item in declared:
        findings.owner = item.runs_in.path
        draft = _draft(item, evaluator, findings)
        if draft is None:
            drafts.hide(item.runs_in.path, [item.function.name])
        elif item.kind == "asset":
            _add_step(drafts, draft, findings)
        elif item.kind == "resource":
            _add_once(drafts.resources, draft.name, draft, findings)
        elif item.kind == "sensor":
            _add_once(drafts.sensors, draft.name, draft, findings)
        else:
            _add_check(drafts, draft, findings)
    return drafts


def _draft(declared: Declared, evaluator: Evaluator, findings: Findings) -> Draft | None:
    keywords = read_keywords(declared, evaluator, findings)
    values = keywords.values
    if keywords.refused & {"name", "namespace", "outputs", "choices", "branches", "**"}:
        return None
    name = str(values.get("name", declared.function.name))
    namespace = values.get("namespace")
    outputs = values.get("outputs", {})
    if "outputs" in values and not outputs:
        findings.error(
            "FS005",
            "'outputs' names no output",
            keywords.spans["outputs"],
            help="name what the function makes, or leave 'outputs' out if it makes one asset of its own name",
        )
        return None
    if declared.word == "route" and not _has_choices(declared, keywords, findings):
        return None
    if declared.word == "join" and not _has_branches(declared, keywords, findings):
        return None
    if outputs and "scatter" in values:
        message = f"asset '{name}' has several outputs and is scattered"
        findings.error("FS005", message, keywords.spans["scatter"], help="leave one of the two out: results are a list")
        return None
    if outputs and "checkpoint" in values:
        message = f"asset '{name}' has several outputs and a checkpoint"
        findings.error(
            "FS005", message, keywords.spans["checkpoint"], help="approve one value: leave one of the two out"
        )
        return None
    if "signal_gate" in values and not _has_room_for_gate(name, outputs, keywords, findings):
        return None
    draft = Draft(declared, keywords, name, namespace, outputs)
    named = {name: draft.name_span}
    named.update((key, keywords.item_span("outputs", place, declared.scope)) for place, key in enumerate(outputs))
    fine = [_check_name(declared.kind, text, span, findings) for text, span in named.items()]
    if namespace is not None:
        fine += [_check_name("namespace", part, keywords.spans["namespace"], findings) for part in namespace.split(".")]
    if "group" in values:
        fine.append(check_plain_name("group", values["group"], keywords.spans["group"], findings))
    return draft if all(fine) else None


def _has_room_for_gate(name: str, outputs: Mapping[str, Output], keywords: Keywords, findings: Findings) -> bool:
    """Whether nothing else decides what becomes of the value; else there is a finding."""
    given = {"outputs": outputs, **keywords.values}
    other = next((word for word in ("outputs", "scatter", "checkpoint") if given.get(word)), None)
    if other is None:
        return True
    findings.error(
        "FS521",
        f"asset '{name}' waits for a signal, and has {other}= as well",
        keywords.spans["signal_gate"],
        help="let one asset wait for the signal, and another one that reads it do the rest",
        related=[(keywords.spans[other], f"{other}= stands here")],
    )
    return False


def _has_choices(declared: Declared, keywords: Keywords, findings: Findings) -> bool:
    """Whether a route says what it chooses from; else there is a finding."""
    choices = keywords.values.get("choices")
    if choices is None:
        if "choices" not in keywords.refused:
            message = f"route '{declared.function.name}' does not say what it chooses from"
            findings.error("FS005", message, declared.span, help='add choices=["name_of_an_asset", "another"]')
        return False
    twice = next((name for place, name in enumerate(choices) if name in choices[:place]), None)
    if choices and twice is None:
        return True
    message = f"'choices' names '{twice}' twice" if choices else "'choices' names no asset"
    advice = "name each asset once" if choices else "name the assets that the route chooses from"
    findings.error("FS005", message, keywords.spans["choices"], help=advice)
    return False


def _has_branches(declared: Declared, keywords: Keywords, findings: Findings) -> bool:
    """Whether a join says what it takes; else there is a finding."""
    if keywords.values.get("branches"):
        return True
    example = 'branches={"parameter": "name_of_an_asset"}'
    if "branches" in keywords.values:
        message = "'branches' names no asset"
        findings.error("FS005", message, keywords.spans["branches"], help=f"write {example}")
    elif "branches" not in keywords.refused:
        message = f"join '{declared.function.name}' does not say which branches it takes"
        findings.error("FS005", message, declared.span, help=f"add {example}")
    return False


def _check_name(what: Kind | str, name: str, span: Span, findings: Findings) -> bool:
    if _NAME.fullmatch(name) and len(name) <= MAX_NAME:
        return True
    findings.error(
        "FS108",
        f"{shown(name)} cannot be the name of {'an' if what == 'asset' else 'a'} {what}",
        span,
        help=f"use up to {MAX_NAME} letters A-Z and a-z, digits and '_'; name=... gives another name",
        fix=_fitting(name, span),
    )
    return False


def _fitting(name: str, span: Span) -> MakeFix | None:
    """Write underscores for what cannot be in a name."""
    fitting = re.sub(r"\W+", "_", name).strip("_")
    return respell(span, name, fitting) if _NAME.fullmatch(fitting) else None


def check_plain_name(what: str, name: str, span: Span, findings: Findings) -> bool:
    """Note the name of a job or group that could not be part of a file name."""
    if _JOB_NAME.fullmatch(name) and len(name) <= MAX_NAME:
        return True
    findings.error(
        "FS108",
        f"{shown(name)} cannot be the name of a {what}",
        span,
        help=f"use up to {MAX_NAME} letters A-Z and a-z, digits, '_' and '-', and begin with a letter",
        fix=_fitting(name, span),
    )
    return False


def _add_step(drafts: Drafts, draft: Draft, findings: Findings) -> None:
    if not _add_once(drafts.steps, draft.id, draft, findings):
        return
    for asset in draft.asset_ids().values():
        _add_once(drafts.assets, asset, draft, findings)


def _add_once(known: dict[str, Draft], name: str, draft: Draft, findings: Findings) -> bool:
    other = known.setdefault(name, draft)
    if other is not draft:
        declared = draft.declared
        _duplicate(f"{declared.word} '{name}' is declared twice", _SHADOWED[declared.kind], draft, other, findings)
    return other is draft


def _duplicate(message: str, code: str, draft: Draft, other: Draft, findings: Findings) -> None:
    function = draft.declared.function
    if other.declared.function is function:
        message = f"{message}, by a loop or factory"
    findings.error(
        code,
        message,
        draft.name_span,
        help="give one of them another name, or a namespace" if code == "FS102" else "give one of them another name",
        related=[(other.name_span, "it is also declared here")],
    )


def _add_check(drafts: Drafts, draft: Draft, findings: Findings) -> None:
    checked = draft.keywords.values.get("asset")
    for other in drafts.checks_by_name.get(draft.name, ()):
        same_module = other.declared.scope.module is draft.declared.scope.module
        if same_module or other.keywords.values.get("asset") == checked:
            _duplicate(f"check '{draft.name}' is declared twice", "FS112", draft, other, findings)
            return
    drafts.checks.append(draft)
    drafts.checks_by_name.setdefault(draft.name, []).append(draft)
