"""From drafts with bound parameters to the nodes of the intermediate representation."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, TypeVar

from flowstone.dsl.dependency import Output
from flowstone.dsl.duration import seconds
from flowstone.dsl.policies import Retry
from flowstone.dsl.signals import HandlerWord
from flowstone.dsl.vocabulary import STORAGE_KEYWORDS
from flowstone.frontend.annotations import Annotations
from flowstone.frontend.bind import Binding
from flowstone.frontend.conditions import check_condition
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.drafts import Draft, Drafts
from flowstone.frontend.expected import is_text, to_json
from flowstone.frontend.findings import Findings
from flowstone.frontend.fingerprint import Fingerprints
from flowstone.frontend.functions import parameters, yields
from flowstone.frontend.gates import HandlerBinding, gate_of, handler_drafts, made_by
from flowstone.frontend.lookup import AssetFinder
from flowstone.frontend.output_types import output_types
from flowstone.frontend.places import location, spot
from flowstone.frontend.sensors import lengths, sensed_job
from flowstone.ir.asset import Asset, Check, Resource, Step, Storage
from flowstone.ir.digest import digest
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.gate import Gate, Handler
from flowstone.ir.node import Location, Spot
from flowstone.ir.sensor import Sensor
from flowstone.ir.types import TypeExpr

_ENGINES = ("airflow", "prefect", "local")
_B = TypeVar("_B", bound=Binding)


class Lowering:
    """Makes nodes of drafts."""

    def __init__(
        self,
        drafts: Drafts,
        evaluator: Evaluator,
        annotations: Annotations,
        fingerprints: Fingerprints | None,
        default_io_manager: str,
        findings: Findings,
    ) -> None:
        self._drafts = drafts
        self._evaluator = evaluator
        self._annotations = annotations
        self._fingerprints = fingerprints
        self._default_io_manager = default_io_manager
        self._findings = findings
        self._finder = AssetFinder(drafts, findings)

    def _binding(self, draft: Draft, kind: type[_B]) -> _B:
        return kind(draft, self._drafts, self._finder, self._evaluator, self._annotations, self._findings)

    def _signature(self, draft: Draft) -> Signature:
        handler_drafts(draft, self._findings)  # neither checks nor resources have any
        return self._binding(draft, Binding).signature()

    def step(self, draft: Draft) -> Step:
        """The step of an asset function."""
        values = draft.keywords.values
        check_condition(draft, self._findings)
        binding = self._binding(draft, Binding)
        handlers = handler_drafts(draft, self._findings) if draft.declared.handlers else {}
        bindings = {word: self._binding(handler, HandlerBinding) for word, handler in handlers.items()}
        signature = binding.signature([*bindings.values()])
        code = self._code(draft)
        return Step(
            id=draft.id,
            function=_function(draft),
            signature=signature,
            outputs=draft.asset_ids(),
            partitions=values.get("partitioned_by"),
            retries=self._retries(draft),
            timeout=self._timeout(draft),
            concurrency=values.get("concurrency"),
            schedule=values.get("schedule"),
            cache=values.get("cache", True),
            scatter=values.get("scatter"),
            checkpoint=values.get("checkpoint"),
            gate=self._gate(draft, code, bindings),
            choices=tuple(values.get("choices", ())),
            default_choice=values.get("default"),
            branches=tuple(values.get("branches", ())),
            routed_from=binding.route,
            engine_options={engine: to_json(values[engine]) for engine in _ENGINES if engine in values},
            code=digest([code, *map(self._code, handlers.values())]) if handlers and code else code,
            location=location(draft.declared.span),
            spots=_spots(draft),
            unknown=tuple(sorted(draft.keywords.refused)),
        )

    def _gate(self, draft: Draft, code: str, handlers: Mapping[HandlerWord, HandlerBinding]) -> Gate | None:
        gate = gate_of(draft)
        if gate is None:
            return None
        timeout = None if gate.timeout is None else seconds(gate.timeout)
        return Gate(timeout=timeout, request=code, **{word: self._handler(item) for word, item in handlers.items()})

    def _handler(self, binding: HandlerBinding) -> Handler:
        draft = binding.draft
        return Handler(
            function=_function(draft),
            context=binding.context,
            payload=binding.payload,
            payload_type=binding.payload_type,
            signal=binding.signal,
            returns=self._annotations.read(draft.declared.function.returns, draft.declared.scope),
            location=location(draft.declared.span),
        )

    def assets(self, draft: Draft, step: Step) -> list[Asset]:
        """The assets that a step makes."""
        ids = draft.asset_ids()
        types = output_types(_kept(draft, step), list(ids), self._annotations.classes)
        found = []
        for place, (name, asset) in enumerate(ids.items()):
            output = draft.outputs.get(name, Output())
            span = draft.name_span
            if draft.outputs:
                span = draft.keywords.item_span("outputs", place, draft.declared.scope)
            found.append(self._asset(draft, asset, name, output, types[place], location(span)))
        return found

    def _asset(
        self, draft: Draft, asset: str, name: str, output: Output, type: TypeExpr | None, place: Location
    ) -> Asset:
        values = {**draft.keywords.values, **{key: item for key, item in vars(output).items() if _given(key, item)}}
        return Asset(
            id=asset,
            name=name,
            namespace=draft.namespace,
            step=draft.id,
            description=_description(draft, values),
            group=values.get("group", "default"),
            tags=tags_of(values.get("tags", ())),
            owners=tuple(values.get("owners", ())),
            meta=to_json(values.get("meta", {})),
            partitions=values.get("partitioned_by"),
            storage=self._storage(draft, values),
            type=type,
            location=place,
        )

    def _storage(self, draft: Draft, values: Mapping[str, Any]) -> Storage:
        options = {key: to_json(values[key]) for key in STORAGE_KEYWORDS if key in values}
        further = to_json(values.get("io", {}))
        for key in sorted(options.keys() & further.keys()):
            message = f"the option '{key}' is given twice: as a keyword and in 'io'"
            span = draft.keywords.spans.get("io", draft.name_span)
            self._findings.error("FS005", message, span, help="leave one of them out")
        return Storage(manager=values.get("io_manager", self._default_io_manager), options={**further, **options})

    def check(self, draft: Draft) -> Check | None:
        """The check, or None after a finding that leaves it without an asset."""
        signature = self._signature(draft)
        asset = self._finder.checked_asset(draft)
        if asset is None:
            return None
        values = draft.keywords.values
        return Check(
            name=draft.name,
            asset=asset,
            function=_function(draft),
            signature=signature,
            blocking=values.get("blocking", False),
            description=_description(draft, values),
            code=self._code(draft),
            location=location(draft.declared.span),
        )

    def resource(self, draft: Draft) -> Resource:
        """The resource."""
        return Resource(
            name=draft.name,
            function=_function(draft),
            signature=self._signature(draft),
            items=draft.declared.word == "item_reader",
            description=_description(draft, draft.keywords.values),
            code=self._code(draft),
            location=location(draft.declared.span),
        )

    def sensor(self, draft: Draft) -> Sensor | None:
        """The sensor, or None after a finding that leaves it without a job or an interval."""
        handler_drafts(draft, self._findings)  # it has none
        binding = self._binding(draft, Binding)
        signature = binding.signature()
        job, every = sensed_job(draft, self._findings), lengths(draft, self._findings)
        if job is None or every is None:
            return None
        return Sensor(
            name=draft.name,
            job=job,
            **every,
            cursor=binding.cursor,
            function=_function(draft),
            signature=signature,
            description=_description(draft, draft.keywords.values),
            location=location(draft.declared.span),
            job_location=location(draft.keywords.spans["job"]),
        )

    def _code(self, draft: Draft) -> str:
        if self._fingerprints is None:
            return ""
        declared = draft.declared
        return self._fingerprints.of(declared.scope.module, declared.function, declared.closure)

    def _retries(self, draft: Draft) -> Retry | None:
        value = draft.keywords.values.get("retries")
        if value is None or isinstance(value, Retry):
            return value
        try:
            return Retry(value)
        except ValueError:
            self._wrong(draft, "retries", f"'retries' must be a whole number from 0, not {value}")
            return None

    def _timeout(self, draft: Draft) -> float | None:
        value = draft.keywords.values.get("timeout")
        if value is None:
            return None
        try:
            length = seconds(value)
        except (ValueError, TypeError) as error:
            self._wrong(draft, "timeout", f"'timeout' of '{draft.name}': {error}")
            return None
        if length <= 0:
            self._wrong(draft, "timeout", f"'timeout' of '{draft.name}' must be longer than nothing")
            return None
        return length

    def _wrong(self, draft: Draft, keyword: str, message: str) -> None:
        self._findings.error("FS005", message, draft.keywords.spans[keyword], help="write for example '30s' or 3")


def _kept(draft: Draft, step: Step) -> TypeExpr | None:
    """The type of what is stored: of a route always a text, of what is scattered a list, else what handlers make."""
    if step.gate is not None:
        return made_by(step.gate.handlers.values())
    returns = step.signature.returns
    scatter = draft.keywords.values.get("scatter")
    if scatter is not None and returns is not None:
        return TypeExpr(name="list", args=(returns,) if scatter.batch_size is None else returns.args[:1])
    if draft.declared.word != "route":
        return returns
    kept = None if returns is None else returns.without_none()
    return TypeExpr(name="str") if kept is None or kept.name == "None" else kept


def _given(key: str, value: object) -> bool:
    return key != "kind" and value is not None and value not in ((), {}, [])


def tags_of(value: Any) -> dict[str, str]:
    """Tags as a mapping; a tag without a value has the empty text."""
    if isinstance(value, dict):
        return {str(key): str(item) for key, item in value.items()}
    return {str(tag): "" for tag in value}


def _description(draft: Draft, values: Mapping[str, Any]) -> str:
    written = values.get("description")
    return str(written) if written is not None else _docstring(draft.declared.function)


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    text = ast.get_docstring(function) or ""
    return text if is_text(text) else text.encode("utf-8", "backslashreplace").decode()


def _function(draft: Draft) -> FunctionRef:
    declared = draft.declared
    return FunctionRef(
        module=declared.runs_in.name,
        defined_in=declared.scope.module.name,
        name=declared.function.name,
        key=draft.id,
        is_async=isinstance(declared.function, ast.AsyncFunctionDef),
        is_generator="yield" in declared.scope.module.source and yields(declared.function),
    )


def _spots(draft: Draft) -> dict[str, Spot]:
    module = draft.declared.scope.module
    found = {name: spot(span) for name, span in draft.keywords.spans.items()}
    for parameter, _ in parameters(draft.declared.function.args):
        found[f"parameter:{parameter.arg}"] = spot(module.span(parameter))
    returns = draft.declared.function.returns
    if returns is not None:
        found["returns"] = spot(module.span(returns))
    return found
