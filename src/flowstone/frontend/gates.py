"""The gate of an asset that asks somebody outside, with its handlers and what their parameters are bound to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.signals import HandlerWord, SignalGate
from flowstone.frontend.bind import Binding, Entry, Parameter
from flowstone.frontend.drafts import Draft
from flowstone.frontend.findings import Findings
from flowstone.frontend.keywords import Keywords
from flowstone.ir.gate import Handler
from flowstone.ir.types import UNION, TypeExpr

_PAYLOAD, _SIGNAL = "payload", "signal"
_SIGNAL_TYPE = "flowstone.Signal"
_ENDLESS = frozenset({"Never", "NoReturn", "typing.Never", "typing.NoReturn"})


class HandlerBinding(Binding):
    """The binding of a handler: as of an asset, but for the answer and for what the asset's function returned."""

    payload: str | None = None
    payload_type: TypeExpr | None = None
    signal: str | None = None

    @property
    def draft(self) -> Draft:
        """What is bound."""
        return self._draft

    @property
    def word(self) -> HandlerWord:
        """Which handler it is."""
        return cast("HandlerWord", self._draft.declared.word)

    def join(self, entries: list[Entry]) -> None:
        """Bind the parameters, and note with each that it is the handler's."""
        self._name = f"{self._draft.name}.{self.word}"
        super().join(entries)
        mark = {"handler": self.word}
        self.dependencies = [item.model_copy(update=mark) for item in self.dependencies]
        self.resources = [item.model_copy(update=mark) for item in self.resources]
        self.config = [item.model_copy(update=mark) for item in self.config]

    def _bind(self, parameter: Parameter, entry: Entry | None, checked: str | None) -> None:
        kind = None if parameter.type is None else parameter.type.without_none().name
        if parameter.name == _PAYLOAD and self.word == "on_signal":
            self.payload, self.payload_type = parameter.name, parameter.type
        elif kind == _SIGNAL_TYPE or parameter.name == _SIGNAL:
            self.signal = self.signal or parameter.name
        else:
            super()._bind(parameter, entry, checked)


def handler_drafts(draft: Draft, findings: Findings) -> Mapping[HandlerWord, Draft]:
    """The handlers of an asset, each once. Those of one without a gate have a finding."""
    found: dict[HandlerWord, Draft] = {}
    for declared in draft.declared.handlers:
        word, span = cast("HandlerWord", declared.word), declared.span
        if "signal_gate" not in draft.keywords.values:
            _note_no_gate(draft, word, span, findings)
        elif word in found:
            first = found[word].declared.span
            findings.error(
                "FS520",
                f"'{draft.name}' has two functions for {word}: the second takes the place of the first",
                span,
                help="leave one of them out",
                related=[(first, "the first one")],
            )
        else:
            found[word] = Draft(declared, Keywords(), draft.name, draft.namespace)
    return found


def _note_no_gate(draft: Draft, word: HandlerWord, span: Span, findings: Findings) -> None:
    if "signal_gate" in draft.keywords.refused or "**" in draft.keywords.refused:
        return
    what = f"{draft.declared.kind} '{draft.name}'"
    can = draft.declared.word == "asset"
    findings.error(
        "FS519",
        f"{what} has no signal_gate=, and so no {word}",
        span,
        help='give it one: signal_gate=SignalGate(timeout="1h")' if can else "only an @asset can wait for a signal",
        related=[(draft.declared.span, f"the {draft.declared.kind} is declared here")],
    )


def gate_of(draft: Draft) -> SignalGate | None:
    """What ``signal_gate`` of an asset says."""
    found = draft.keywords.values.get("signal_gate")
    return found if isinstance(found, SignalGate) else None


def made_by(handlers: Iterable[Handler]) -> TypeExpr | None:
    """The type of what handlers make; None if one of them does not say."""
    types = [handler.returns for handler in handlers]
    given = [item for item in types if item is not None]
    if len(given) < len(types):
        return None
    members = [member for item in given for member in item.members if member.name not in _ENDLESS]
    distinct = list(dict.fromkeys(members))
    return distinct[0] if len(distinct) == 1 else TypeExpr(name=UNION, args=tuple(distinct)) if distinct else None
