"""What each parameter of a declared function is bound to, in the order that the language gives."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.dependency import Dep
from flowstone.fixes.items import remove_same_item, remove_slash
from flowstone.fixes.rename import rename_parameter
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.frontend.annotations import Annotations
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.drafts import Draft, Drafts
from flowstone.frontend.expected import is_json, shown, to_json
from flowstone.frontend.findings import Findings
from flowstone.frontend.functions import parameters
from flowstone.frontend.lookup import AssetFinder
from flowstone.frontend.places import location
from flowstone.frontend.values import Refusal
from flowstone.ir.function import ConfigParameter, Dependency, ResourceUse, Signature
from flowstone.ir.types import TypeExpr

_CONTEXT_NAMES = frozenset({"ctx", "context"})
_CONTEXT_TYPE = "flowstone.Context"
_FAILURE = "flowstone.Failure"
_CURSOR = "cursor"
"""Parameter of a sensor that receives what it gave last."""
_NAMING = frozenset({"depends_on", "scatter", "branches", "**"})
"""Keywords that give values to parameters of any name."""
_READING = frozenset({"asset", "handler"})
"""Whose parameters may be named like any asset."""


_WITHOUT_VALUES: Mapping[str, str] = {
    "resource": "a resource cannot read an asset; let the asset that uses it pass the value",
    "sensor": "a sensor cannot read an asset; OnUpdate starts a job after assets were made",
}
"""Advice to those that name an asset and receive none."""


class Entry(Struct, frozen=True):
    """An item of ``depends_on`` whose asset is known."""

    dep: Dep
    asset: str
    span: Span
    explicit: bool
    """It was written as ``Dep(...)``."""
    branch: bool = False
    """It is a branch of a join."""

    @property
    def own_name(self) -> str:
        return self.asset.rpartition(".")[2]


class _Items(Struct, frozen=True):
    """What ``scatter`` says."""

    parameter: str
    asset: str | None
    """None after a finding, and for an item reader."""
    span: Span
    batches: bool
    reader: str | None = None
    """The item reader that the items come from."""


class Parameter(Struct, frozen=True):
    name: str
    span: Span
    type: TypeExpr | None
    default: ast.expr | None


class Binding:
    """The binding of one draft: ``signature`` is called once. Parameters with a finding are left out."""

    def __init__(
        self,
        draft: Draft,
        drafts: Drafts,
        finder: AssetFinder,
        evaluator: Evaluator,
        annotations: Annotations,
        findings: Findings,
    ) -> None:
        self._draft = draft
        self._drafts = drafts
        self._finder = finder
        self._assets = finder.names
        self._evaluator = evaluator
        self._annotations = annotations
        self._findings = findings
        self._kind = draft.declared.kind
        self._name = draft.name
        self._scope = draft.declared.scope
        self._of_handlers: frozenset[str] = frozenset()
        """Parameters that only the handlers of a gate have."""
        self._unresolved: set[str] = set()
        """Parameters for items of ``depends_on`` whose asset is not known."""
        self.context: str | None = None
        self.cursor: str | None = None
        self.dependencies: list[Dependency] = []
        self.resources: list[ResourceUse] = []
        self.config: list[ConfigParameter] = []
        self.route: str | None = None
        """Id of the asset that ``routed_from`` names."""

    def signature(self, handlers: Sequence[Binding] = ()) -> Signature:
        """What every parameter is bound to, those of the handlers of a gate too."""
        given = list(self._parameters())
        own = {item.name for item in given}
        self._of_handlers = frozenset(name for handler in handlers for name in handler.names()) - own
        entries = [*self._branches(), *self._entries()]
        by_parameter = self._by_parameter(entries, own)
        scattered = self._scattered([item.name for item in given])
        checked = self._finder.checked_asset(self._draft) if self._kind == "check" else None
        for parameter in given:
            if scattered is not None and parameter.name == scattered.parameter:
                self._depend_on_items(parameter, scattered, by_parameter.get(parameter.name))
                continue
            self._bind(parameter, by_parameter.get(parameter.name), checked)
        for handler in handlers:
            handler.join(entries)
            self.dependencies += handler.dependencies
            self.resources += handler.resources
            self.config += handler.config
        self._order_only(entries, by_parameter)
        self._apply_optional()
        self._requires()
        self._follow_route()
        return Signature(
            context=self.context,
            dependencies=tuple(self.dependencies),
            resources=tuple(self.resources),
            config=tuple(self.config),
            returns=self._annotations.read(self._draft.declared.function.returns, self._scope),
        )

    def names(self) -> frozenset[str]:
        """The names of the parameters."""
        return frozenset(item.arg for item, _ in parameters(self._draft.declared.function.args))

    def join(self, entries: list[Entry]) -> None:
        """Bind the parameters of a handler; ``entries`` are what the asset depends on besides."""
        meant = {entry.dep.as_ or entry.own_name: entry for entry in entries if self._is_meant(entry)}
        for parameter in self._parameters():
            self._bind(parameter, meant.get(parameter.name), None)

    # -- what is there --------------------------------------------------------------------------------------------

    def _parameters(self) -> Iterator[Parameter]:
        arguments = self._draft.declared.function.args
        module = self._scope.module
        odd = [*arguments.posonlyargs, arguments.vararg, arguments.kwarg]
        for parameter in odd:
            if parameter is not None:
                self._findings.error(
                    "FS111",
                    f"parameter '{parameter.arg}' of {self._kind} '{self._name}' cannot be bound by its name",
                    module.span(parameter),
                    help="use plain parameters: no '/', no *args and no **kwargs",
                    fix=remove_slash(module.span(parameter)) if parameter in arguments.posonlyargs else None,
                )
        for parameter, default in parameters(arguments):
            if parameter not in arguments.posonlyargs:
                annotation = self._annotations.read(parameter.annotation, self._scope)
                yield Parameter(parameter.arg, module.span(parameter), annotation, default)

    def _entries(self) -> Iterator[Entry]:
        keywords = self._draft.keywords
        for place, item in enumerate(keywords.values.get("depends_on", ())):
            dep = item if isinstance(item, Dep) else Dep(item)
            span = keywords.item_span("depends_on", place, self._scope)
            why = f"asset '{self._draft.name}' depends on"
            asset = self._finder.asset(dep.asset, self._draft.namespace, span, "FS201", why)
            if asset is not None:
                yield Entry(dep, asset, span, explicit=dep is item)
            else:
                self._unresolved.add(dep.as_ or _last(dep.asset))

    def _branches(self) -> Iterator[Entry]:
        """What a join says that it takes."""
        keywords = self._draft.keywords
        for place, (parameter, asset) in enumerate(keywords.values.get("branches", {}).items()):
            span = keywords.item_span("branches", place, self._scope)
            why = f"join '{self._draft.name}' has the branch"
            found = self._finder.asset(asset, self._draft.namespace, span, "FS510", why)
            if found is not None:
                yield Entry(Dep(asset, as_=parameter), found, span, explicit=True, branch=True)
            else:
                self._unresolved.update((parameter, asset))  # they may be the wrong way round

    def _by_parameter(self, entries: list[Entry], names: set[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in entries:
            name = entry.dep.as_ or entry.own_name
            if entry.branch and name not in names:
                self._no_parameter(entry, name, names)
            elif entry.dep.as_ is not None and name not in names and name not in self._of_handlers:
                message = f"'{self._draft.name}' has no parameter '{name}' for the dependency '{entry.dep.asset}'"
                hint = did_you_mean(name, names) or f"add the parameter '{name}' to the function, or leave out as_="
                near = nearest(name, names)
                fix = None if near is None else respell(entry.span, name, near, argument="as_")
                self._disagree(message, entry.span, hint, fix=fix)
                if near is not None:
                    self._unresolved.add(near)
            elif name in names and self._is_meant(entry):
                other = found.setdefault(name, entry)
                if other is not entry:
                    message = f"two dependencies are for the parameter '{name}'"
                    fix = remove_same_item(entry.span, other.span, "Leave out the item")
                    self._disagree(message, entry.span, "give one of them another parameter by as_=", other.span, fix)
        return found

    def _no_parameter(self, entry: Entry, name: str, names: set[str]) -> None:
        """A branch for which the function of a join has no parameter."""
        message = f"join '{self._draft.name}' has no parameter '{name}' for the branch '{entry.dep.asset}'"
        hint = did_you_mean(name, names) or f"add the parameter '{name}' to the function"
        self._findings.error("FS510", message, entry.span, help=hint)
        self._unresolved.update(filter(None, [nearest(name, names)]))

    def _is_meant(self, entry: Entry) -> bool:
        """Whether the parameter of the asset's own name is for this item; a bare name may be that of a neighbour."""
        found = self._assets.find(entry.own_name, self._draft.namespace)
        return entry.explicit or found.one in (None, entry.asset)

    def _disagree(
        self, message: str, span: Span, help: str, other: Span | None = None, fix: MakeFix | None = None
    ) -> None:
        related = [] if other is None else [(other, "the other one")]
        self._findings.error("FS107", message, span, help=help, related=related, fix=fix)

    def _scattered(self, names: list[str]) -> _Items | None:
        """The parameter that receives one item at a time, and of what; None after a finding."""
        keywords = self._draft.keywords
        scatter = keywords.values.get("scatter")
        if scatter is None:
            return None
        span = keywords.spans["scatter"]
        why = f"asset '{self._draft.name}' scatters over"
        reader = scatter.over if self._is_item_reader(scatter.over) else None
        asset = None
        if reader is None:
            asset = self._finder.asset(scatter.over, self._draft.namespace, span, "FS201", why, argument="over")
        if scatter.as_ not in names:
            message = f"'{self._draft.name}' has no parameter '{scatter.as_}' for the items of '{scatter.over}'"
            near = nearest(scatter.as_, names)
            hint = did_you_mean(scatter.as_, names) or f"add the parameter '{scatter.as_}' to the function"
            fix = None if near is None else respell(span, scatter.as_, near, argument="as_", position=1)
            self._disagree(message, span, hint, fix=fix)
            self._unresolved.update([] if near is None else [near])
            return None
        return _Items(scatter.as_, asset, span, scatter.batch_size is not None, reader)

    def _is_item_reader(self, name: str) -> bool:
        """Whether a name is that of an item reader, and of no asset."""
        return not self._assets.find(name, self._draft.namespace).ids and self._drafts.is_item_reader(name)

    # -- one parameter --------------------------------------------------------------------------------------------

    def _bind(self, parameter: Parameter, entry: Entry | None, checked: str | None) -> None:
        if self._is_context(parameter):
            if self.context is not None:
                message = f"both '{self.context}' and '{parameter.name}' of '{self._draft.name}' are the context"
                self._disagree(message, parameter.span, "leave one of them out")
            self.context = self.context or parameter.name
            if entry is not None:
                message = f"'{parameter.name}' of '{self._draft.name}' is the context, not the asset '{entry.asset}'"
                self._disagree(message, entry.span, "give the dependency a parameter of another name by as_=")
        elif self._kind == "sensor" and parameter.name == _CURSOR:
            self.cursor = parameter.name
        elif entry is not None:
            self._depend(parameter, entry.asset, entry.dep, branch=entry.branch)
        elif self._bind_asset(parameter, checked) or self._bind_resource(parameter):
            return
        elif parameter.default is not None:
            self._configure(parameter, parameter.default)
        elif self._kind == "check" and checked is None:
            return  # what it checks has a finding already, and would have been the parameter
        elif parameter.name in self._unresolved or not _NAMING.isdisjoint(self._draft.keywords.refused):
            return  # a keyword that has a finding was, or may have been, for the parameter
        elif not self._finder.is_hidden(parameter.name):
            self._unbound(parameter, checked)

    def _is_context(self, parameter: Parameter) -> bool:
        if parameter.type is not None and parameter.type.without_none().name == _CONTEXT_TYPE:
            return True
        return parameter.name in _CONTEXT_NAMES

    def _depend(self, parameter: Parameter, asset: str, dep: Dep | None = None, *, branch: bool = False) -> None:
        optional = parameter.type is not None and parameter.type.optional
        partial = branch and self._draft.keywords.values.get("on_failure") == "partial"
        wanted, admits = parameter.type, False
        if branch and wanted is not None:
            admits = any(member.name == _FAILURE for member in wanted.members)
            wanted = wanted.without(_FAILURE)
        self.dependencies.append(
            Dependency(
                asset=asset,
                parameter=parameter.name,
                mapping=None if dep is None else dep.partitions,
                optional=optional or (dep is not None and dep.optional),
                partial=partial,
                admits_failure=admits,
                type=wanted,
                location=location(parameter.span),
            )
        )

    def _depend_on_items(self, parameter: Parameter, items: _Items, entry: Entry | None) -> None:
        if entry is not None:
            message = f"'{parameter.name}' of '{self._draft.name}' receives the items of scatter, not a dependency"
            self._disagree(message, entry.span, "give the dependency a parameter of another name by as_=", items.span)
        if items.reader is not None:
            self.resources.append(
                ResourceUse(
                    resource=items.reader,
                    parameter=parameter.name,
                    scattered=True,
                    type=parameter.type,
                    location=location(parameter.span),
                )
            )
        if items.asset is not None:
            kind = parameter.type
            if kind is not None and not items.batches:
                kind = TypeExpr(name="list", args=(kind,))
            self.dependencies.append(
                Dependency(
                    asset=items.asset,
                    parameter=parameter.name,
                    scattered=True,
                    type=kind,
                    location=location(parameter.span),
                )
            )

    def _bind_asset(self, parameter: Parameter, checked: str | None) -> bool:
        if self._kind in ("resource", "sensor"):
            return False
        if self._kind == "check":
            if checked is None or parameter.name != checked.rpartition(".")[2]:
                return False
            self._depend(parameter, checked)
            return True
        found = self._assets.find(parameter.name, self._draft.namespace)
        if found.ambiguous:
            meant = f'depends_on=[Dep("{found.ids[0]}", as_="{parameter.name}")]'
            self._finder.ambiguous(parameter.name, found.ids, parameter.span, f"name the one that is meant: {meant}")
        elif found.one is not None:
            self._check_not_both(parameter, found.one)
            self._depend(parameter, found.one)
        return bool(found.ids)

    def _check_not_both(self, parameter: Parameter, asset: str) -> None:
        if self._has_resource(parameter.name):
            self._findings.error(
                "FS110",
                f"'{parameter.name}' is both an asset and a resource",
                parameter.span,
                help="rename one of the two",
                related=[
                    (self._drafts.asset_span(asset), "the asset is declared here"),
                    (self._drafts.resource_span(parameter.name), "the resource is declared here"),
                ],
            )

    def _has_resource(self, name: str) -> bool:
        return name in self._drafts.resources or name in self._drafts.other_resources

    def _bind_resource(self, parameter: Parameter) -> bool:
        if not self._has_resource(parameter.name):
            return False
        self.resources.append(
            ResourceUse(
                resource=parameter.name,
                parameter=parameter.name,
                type=parameter.type,
                location=location(parameter.span),
            )
        )
        return True

    def _configure(self, parameter: Parameter, default: ast.expr) -> None:
        what = f"the default of '{parameter.name}'"
        try:
            value = self._evaluator.constant(default, self._scope, what)
            if not is_json(value):
                span = self._scope.module.span(default)
                raise Refusal(
                    "FS005",
                    f"{what} must be a JSON value, not {shown(value)}",
                    span,
                    help="write it as a text or number",
                )
        except Refusal as refusal:
            refusal.note(self._findings)
            return
        self.config.append(
            ConfigParameter(
                name=parameter.name, type=parameter.type, default=to_json(value), location=location(parameter.span)
            )
        )

    def _unbound(self, parameter: Parameter, checked: str | None) -> None:
        resources = sorted(self._drafts.resource_names())
        kinds = "asset or resource" if self._kind in _READING else "resource"
        message = f"parameter '{parameter.name}' of {self._kind} '{self._name}' names no {kinds}"
        if self._kind in _READING:
            hint = did_you_mean(parameter.name, self._finder.inputs, but=self._draft.name)
        elif checked is not None:
            hint = f"the value of the checked asset comes as the parameter '{_last(checked)}'"
        else:
            hint = did_you_mean(parameter.name, [*resources, _CURSOR] if self._kind == "sensor" else resources)
            if self._assets.find(parameter.name, None).ids and self._kind in _WITHOUT_VALUES:
                hint = _WITHOUT_VALUES[self._kind]
            elif self._kind == "sensor" and hint is None:
                hint = "a sensor takes the cursor, resources, the context, and what has a default"
        hint = hint or f"declare it, or give the parameter a default to make it a config value: {parameter.name}=None"
        self._findings.error("FS106", message, parameter.span, help=hint, fix=self._renamed(parameter, checked))

    def _renamed(self, parameter: Parameter, checked: str | None) -> MakeFix | None:
        """The fix that gives a parameter the name that is clearly meant."""
        known: Iterable[str] = self._drafts.resource_names()
        if self._kind == "sensor":
            known = {*known, _CURSOR}
        if self._kind in _READING:
            known = self._finder.inputs
        elif checked is not None:
            known = {*known, _last(checked)}
        near = nearest(parameter.name, known)
        return None if near is None else rename_parameter(parameter.span, parameter.name, near)

    # -- what is no parameter -------------------------------------------------------------------------------------

    def _order_only(self, entries: list[Entry], by_parameter: dict[str, Entry]) -> None:
        used = set(map(id, by_parameter.values()))
        seen: dict[str, Entry] = {}
        for entry in entries:
            if id(entry) in used or entry.dep.as_ is not None:
                continue
            other = seen.setdefault(entry.asset, entry)
            if other is not entry:
                message = f"depends_on names '{entry.asset}' twice"
                fix = remove_same_item(entry.span, other.span, "Leave out the item")
                self._disagree(message, entry.span, "leave one of them out", other.span, fix)
                continue
            self.dependencies.append(
                Dependency(
                    asset=entry.asset,
                    mapping=entry.dep.partitions,
                    optional=entry.dep.optional,
                    location=location(entry.span),
                )
            )

    def _apply_optional(self) -> None:
        keywords = self._draft.keywords
        for place, name in enumerate(keywords.values.get("optional_deps", ())):
            fitting = self._fitting(name)
            if not fitting and not self._finder.is_hidden(name):
                span = keywords.item_span("optional_deps", place, self._scope)
                known = [item.parameter or item.asset for item in self.dependencies]
                hint = did_you_mean(name, known) or "name a dependency of this asset"
                near = nearest(name, known)
                fix = None if near is None else respell(span, name, near)
                message = f"optional_deps names '{name}', which '{self._draft.name}' does not use"
                self._disagree(message, span, hint, fix=fix)
            for index in fitting:
                self.dependencies[index] = self.dependencies[index].model_copy(update={"optional": True})

    def _fitting(self, name: str) -> list[int]:
        """Places of the dependencies that a name means: by parameter, else by id, else by the asset's own name."""
        for names in (
            [item.parameter for item in self.dependencies],
            [item.asset for item in self.dependencies],
            [_last(item.asset) for item in self.dependencies],
        ):
            if name in names:
                return [index for index, other in enumerate(names) if other == name]
        return []

    def _follow_route(self) -> None:
        """The route is made before, whether the function takes its value or not."""
        keywords = self._draft.keywords
        if "routed_from" not in keywords.values:
            return
        span = keywords.spans["routed_from"]
        why = f"asset '{self._draft.name}' is routed from"
        self.route = self._finder.asset(
            keywords.values["routed_from"], self._draft.namespace, span, "FS503", why, what="route"
        )
        if self.route is None:
            return
        for index, item in enumerate(self.dependencies):
            if item.asset == self.route and item.mapping is None:
                self.dependencies[index] = item.model_copy(update={"optional": False})
                return
        self.dependencies.append(Dependency(asset=self.route, location=location(span)))

    def _requires(self) -> None:
        keywords = self._draft.keywords
        for place, name in enumerate(keywords.values.get("requires", ())):
            span = keywords.item_span("requires", place, self._scope)
            if self._has_resource(name):
                self.resources.append(ResourceUse(resource=name, location=location(span)))
            elif not self._finder.is_hidden(name):
                hint = did_you_mean(name, sorted(self._drafts.resource_names())) or "declare it with @resource"
                message = f"asset '{self._draft.name}' requires '{name}', and there is no such resource"
                near = nearest(name, self._drafts.resource_names())
                fix = None if near is None else respell(span, name, near)
                self._findings.error("FS701", message, span, help=hint, fix=fix)


def _last(asset: str) -> str:
    return asset.rpartition(".")[2]
