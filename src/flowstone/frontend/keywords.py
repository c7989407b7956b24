"""The keywords of a declaration: evaluated one by one, each checked against the vocabulary."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.vocabulary import (
    AssetKeywords,
    CheckKeywords,
    JoinKeywords,
    ResourceKeywords,
    RouteKeywords,
    SensorKeywords,
)
from flowstone.fixes.literals import wrap
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.construct import unknown_keyword
from flowstone.frontend.declarations import Declared, Word
from flowstone.frontend.expected import fits, hints, shown, words
from flowstone.frontend.findings import Findings
from flowstone.frontend.iteration import is_symbolic
from flowstone.frontend.values import Refusal, Scope

VOCABULARY: Mapping[Word, type] = {
    "asset": AssetKeywords,
    "route": RouteKeywords,
    "join": JoinKeywords,
    "item_reader": ResourceKeywords,
    "check": CheckKeywords,
    "resource": ResourceKeywords,
    "sensor": SensorKeywords,
}


class Keywords(Struct, frozen=True):
    """The keywords that are fine, and where each value stands."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    nodes: dict[str, ast.expr] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Names of keywords that were given and are left out because of a finding."""

    def item_span(self, name: str, index: int, scope: Scope) -> Span:
        """Place of one item of a keyword's list or mapping, if it is written out; else that of the keyword's value."""
        node = self.nodes.get(name)
        items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        if isinstance(node, ast.Dict):
            items = node.values
        if index < len(items) and not any(isinstance(item, ast.Starred) for item in items):
            return scope.module.span(items[index])
        return self.spans[name]


def read_keywords(declared: Declared, evaluator: Evaluator, findings: Findings) -> Keywords:
    """Evaluate the keywords of a declaration; a finding for each that is wrong."""
    found = Keywords()
    call, scope = declared.call, declared.scope
    if call is None:
        return found
    for argument in call.args:
        message = f"@{declared.word} takes keywords only"
        findings.error("FS005", message, scope.module.span(argument), help='write for example name="..."')
    for keyword in call.keywords:
        span = scope.module.span(keyword.value)
        try:
            if keyword.arg is None:
                for name, value in evaluator.mapping(keyword.value, scope).items():
                    _add(found, declared, name, value, span, span, keyword.value)
                continue
            name_span = scope.module.span(keyword)
            _check_name(declared.word, keyword.arg, name_span)
            value = evaluator.constant(keyword.value, scope, f"'{keyword.arg}'")
            _add(found, declared, keyword.arg, value, span, name_span, keyword.value)
        except Refusal as refusal:
            refusal.note(findings)
            found.refused.add(keyword.arg or "**")
    return found


def _check_name(word: Word, name: str, span: Span) -> None:
    known = hints(VOCABULARY[word])
    if name not in known:
        raise unknown_keyword(f"@{word}", name, known, span)


def _add(
    found: Keywords, declared: Declared, name: str, value: Any, span: Span, name_span: Span, node: ast.expr
) -> None:
    _check_name(declared.word, name, name_span)
    if name in found.values:
        message = f"the keyword '{name}' of @{declared.word} is given twice"
        raise Refusal(
            "FS005", message, name_span, help="leave one of them out", related=[(found.spans[name], "here too")]
        )
    hint = hints(VOCABULARY[declared.word])[name]
    if not fits(value, hint):
        found.refused.add(name)
        raise Refusal(
            "FS005",
            f"'{name}' of @{declared.word} must be {words(hint)}, not {shown(value)}",
            span,
            help=_advice(name, value, words(hint)),
            fix=wrap(span, "[", "]", f"Write {name}=[...]") if fits([value], hint) and not is_symbolic(value) else None,
        )
    found.values[name] = value
    found.spans[name] = span
    found.nodes[name] = node


def _advice(name: str, value: Any, wanted: str) -> str:
    if isinstance(value, str) and "list" in wanted:
        return f"write {name}=[{shown(value)}]"
    return f"write {wanted}"
