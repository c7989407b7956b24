"""Every place in a file that means an asset, a resource or a job: declarations, parameters, and names in strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bodies.choices import returned_texts
from flowstone.frontend.lookup import AssetNames
from flowstone.frontend.modules import Module
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.lsp.literals import literal_span, part, strings
from flowstone.lsp.scopes import Function, all_arguments, uses

Kind = Literal["asset", "resource", "job", "check", "sensor"]
Role = Literal["declaration", "function", "parameter", "alias", "string", "use", "value"]
"""``function``: its name is not the asset's; ``alias``: a parameter of another name, and its uses; ``value``: a use of
the parameter in the body; ``use``: an expression whose value is the name."""

Declaration = Step | Check | Resource | Sensor

_ATOM = re.compile(r"[^\s,+@]+(?:@[^\s,+]*)?")


@dataclass(frozen=True, slots=True)
class Target:
    """What is meant."""

    kind: Kind
    id: str

    @property
    def name(self) -> str:
        """The name without its namespace."""
        return self.id.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that means something."""

    span: Span
    targets: tuple[Target, ...]
    """Several if the same text declares several assets, or a selector's name fits several."""
    role: Role


class Mentions:
    """The mentions of one project in one module after the other."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names = AssetNames(project.assets)

    def of(self, module: Module) -> list[Mention]:
        """All mentions in a module."""
        declared, jobs = self._declared(module.path), self._jobs(module.path)
        handlers = self._handlers(module.path)
        found: list[Mention] = []
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                span = module.name_span(node)
                items = declared.get((span.line, span.column), [])
                for item in items:
                    found += self._function(module, node, item)
                for signature in handlers.get((span.line, span.column), ()):
                    found += self._parameters(module, node, signature)
            elif jobs and isinstance(node, ast.Call):
                span = module.span(node)
                for job in jobs.get((span.line, span.column, span.end_line, span.end_column), ()):
                    found += self._job(module, node, job)
        return _merged(found)

    def _declared(self, path: str) -> dict[tuple[int, int], list[Declaration]]:
        found: dict[tuple[int, int], list[Declaration]] = {}
        for item in declarations(self._project):
            if item.location.file == path:
                found.setdefault((item.location.line, item.location.column), []).append(item)
        return found

    def _handlers(self, path: str) -> dict[tuple[int, int], list[Signature]]:
        """What the handlers of gates in a file are bound to, by the place of their names."""
        found: dict[tuple[int, int], list[Signature]] = {}
        for step in self._project.steps.values():
            for word, handler in step.gate.handlers.items() if step.gate is not None else ():
                if handler.location.file == path:
                    place = handler.location.line, handler.location.column
                    found.setdefault(place, []).append(step.signature.of(word))
        return found

    def _jobs(self, path: str) -> dict[tuple[int, int, int, int], list[Job]]:
        found: dict[tuple[int, int, int, int], list[Job]] = {}
        for job in self._project.jobs.values():
            place = job.location
            if place is not None and place.file == path:
                found.setdefault((place.line, place.column, place.end_line, place.end_column), []).append(job)
        return found

    # -- functions -------------------------------------------------------------------------------------------------

    def _function(self, module: Module, node: Function, item: Declaration) -> Iterator[Mention]:
        targets = _targets_of(item)
        keywords = _keywords(node)
        named = keywords.get("name")
        own = len(targets) == 1 and named is None and targets[0].name == node.name
        yield Mention(module.name_span(node), targets, "declaration" if own else "function")
        if named is not None:
            yield from _at(module, named, targets, "declaration")
        outputs = keywords.get("outputs")
        if isinstance(outputs, ast.Dict) and isinstance(item, Step):
            for key in filter(None, outputs.keys):
                if isinstance(key, ast.Constant) and key.value in item.outputs:
                    yield from _at(module, key, (Target("asset", item.outputs[key.value]),), "declaration")
        yield from self._parameters(module, node, item.signature.of(None))
        yield from self._strings(module, node, keywords, item)

    def _parameters(self, module: Module, node: Function, signature: Signature) -> Iterator[Mention]:
        bound = {item.parameter: Target("asset", item.asset) for item in signature.dependencies if item.parameter}
        bound |= {item.parameter: Target("resource", item.resource) for item in signature.resources if item.parameter}
        for argument in all_arguments(node.args):
            target = bound.get(argument.arg)
            if target is None:
                continue
            same = argument.arg == target.name
            yield Mention(_name_span(module, argument), (target,), "parameter" if same else "alias")
            for use in uses(node, argument.arg):
                yield Mention(module.span(use), (target,), "value" if same else "alias")

    def _strings(
        self, module: Module, node: Function, keywords: dict[str, ast.expr], item: Declaration
    ) -> Iterator[Mention]:
        for name in _dependency_names(keywords.get("depends_on")):
            yield from self._asset_at(module, name, _namespace(self._project, item))
        for name in strings(keywords.get("optional_deps")):
            fitting = [each.asset for each in item.signature.dependencies if _fits(name.value, each.asset)]
            yield from _at(module, name, tuple(Target("asset", each) for each in fitting[:1]), "string")
        for name in strings(keywords.get("requires")):
            if name.value in self._project.resources:
                yield from _at(module, name, (Target("resource", str(name.value)),), "string")
        if isinstance(item, Sensor) and item.job in self._project.jobs and "job" in keywords:
            yield from _at(module, keywords["job"], (Target("job", item.job),), "string")
        if isinstance(item, Check) and "asset" in keywords:
            yield from self._asset_at(module, keywords["asset"], None)
        if "routed_from" in keywords:
            yield from self._asset_at(module, keywords["routed_from"], _namespace(self._project, item))
        yield from self._followed(module, keywords.get("schedule"), _namespace(self._project, item))
        yield from self._branches(module, keywords.get("branches"), item)
        scatter = keywords.get("scatter")
        if isinstance(scatter, ast.Call):
            yield from self._scattered(module, scatter, item)
        if isinstance(item, Step) and item.choices:
            yield from self._choices(module, node, keywords, item)

    def _branches(self, module: Module, node: ast.expr | None, item: Declaration) -> Iterator[Mention]:
        """The assets that a join takes, and the parameters for them where they have the same name."""
        parameters = {need.parameter: need.asset for need in item.signature.dependencies}
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            yield from self._asset_at(module, value, _namespace(self._project, item))
            asset = parameters.get(str(key.value)) if isinstance(key, ast.Constant) else None
            if key is not None and asset is not None and asset.rpartition(".")[2] == ast.literal_eval(key):
                yield from _at(module, key, (Target("asset", asset),), "string")

    def _scattered(self, module: Module, call: ast.Call, item: Declaration) -> Iterator[Mention]:
        """The asset whose items are taken, and the parameter for them where it has the same name."""
        given = dict(zip(("over", "as_"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        if "over" in given:
            yield from self._asset_at(module, given["over"], _namespace(self._project, item))
        for need in item.signature.dependencies:
            parameter = given.get("as_") if need.scattered else None
            if isinstance(parameter, ast.Constant) and parameter.value == need.asset.rpartition(".")[2]:
                yield from _at(module, parameter, (Target("asset", need.asset),), "string")

    def _choices(self, module: Module, node: Function, keywords: dict[str, ast.expr], route: Step) -> Iterator[Mention]:
        """The names of the assets that a route chooses, in its keywords and where its function returns them."""
        returned = (item for item, _ in returned_texts(node, {}) if isinstance(item, ast.Constant))
        places = [*strings(keywords.get("choices")), *strings(keywords.get("default")), *returned]
        for place in places:
            following = [
                step.outputs[name]
                for step in self._project.steps.values()
                if step.routed_from in route.outputs.values()
                for name in step.outputs
                if place.value in (step.id, name)
            ]
            yield from _at(module, place, tuple(Target("asset", asset) for asset in following), "string")

    def _asset_at(self, module: Module, node: ast.expr, namespace: str | None) -> Iterator[Mention]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            asset = self._names.find(node.value, namespace).one
            if asset is not None:
                yield from _at(module, node, (Target("asset", asset),), "string")

    # -- jobs ------------------------------------------------------------------------------------------------------

    def _job(self, module: Module, call: ast.Call, job: Job) -> Iterator[Mention]:
        schedule = next((item.value for item in call.keywords if item.arg == "schedule"), None)
        yield from self._followed(module, call.args[3] if len(call.args) > 3 else schedule, None)
        for place, keyword in enumerate(("name", "select", "exclude")):
            node = call.args[place] if place < len(call.args) else None
            node = next((item.value for item in call.keywords if item.arg == keyword), node)
            span = None if node is None else literal_span(module, node)
            if span is None:
                continue
            if keyword == "name":
                yield Mention(span, (Target("job", job.name),), "declaration")
            else:
                assert isinstance(node, ast.Constant)
                yield from self._selector(span, str(node.value))

    def _followed(self, module: Module, node: ast.expr | None, namespace: str | None) -> Iterator[Mention]:
        """The assets after whose update something runs: ``OnUpdate("a", "b")``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for argument in node.args if name == "OnUpdate" else ():
                yield from self._asset_at(module, argument, namespace)

    def _selector(self, span: Span, text: str) -> Iterator[Mention]:
        for atom in _ATOM.finditer(text):
            found = [asset for asset in self._project.assets if _fits(atom[0], asset)]
            if found and not any(char in atom[0] for char in ":*?["):
                yield Mention(
                    part(span, atom.start(), atom.end()), tuple(Target("asset", each) for each in found), "string"
                )


def declarations(project: Project) -> Iterator[Declaration]:
    """Everything in a project that a function declares."""
    yield from project.steps.values()
    yield from project.checks
    yield from project.resources.values()
    yield from project.sensors.values()


def functions(project: Project) -> Iterator[tuple[FunctionRef, Location, Signature]]:
    """The functions of all declarations, those of handlers among them: where they stand, and what is theirs."""
    for item in declarations(project):
        yield item.function, item.location, item.signature.of(None)
        if isinstance(item, Step) and item.gate is not None:
            for word, handler in item.gate.handlers.items():
                yield handler.function, handler.location, item.signature.of(word)


def _targets_of(item: Declaration) -> tuple[Target, ...]:
    if isinstance(item, Step):
        return tuple(Target("asset", asset) for asset in item.outputs.values())
    kinds: dict[type, Kind] = {Check: "check", Resource: "resource", Sensor: "sensor"}
    return (Target(kinds[type(item)], item.name),)


def _namespace(project: Project, item: Declaration) -> str | None:
    if not isinstance(item, Step):
        return None
    return project.assets[next(iter(item.outputs.values()))].namespace


def _keywords(node: Function) -> dict[str, ast.expr]:
    """The keywords of the function's decorators by name."""
    return {
        keyword.arg: keyword.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg is not None
    }


def _dependency_names(node: ast.expr | None) -> Iterator[ast.expr]:
    """The names in ``depends_on``: texts, and the first argument of ``Dep``."""
    yield from strings(node)
    for item in node.elts if isinstance(node, ast.List | ast.Tuple) else ():
        if isinstance(item, ast.Call):
            yield from item.args[:1]
            yield from (keyword.value for keyword in item.keywords if keyword.arg == "asset")


def _at(module: Module, node: ast.expr, targets: tuple[Target, ...], role: Role) -> Iterator[Mention]:
    span = literal_span(module, node)
    if span is not None and targets:
        yield Mention(span, targets, role)


def _name_span(module: Module, argument: ast.arg) -> Span:
    span = module.span(argument)
    return part(span, 0, len(argument.arg))


def _fits(text: object, asset: str) -> bool:
    return text in (asset, asset.rpartition(".")[2])


def _merged(found: Iterable[Mention]) -> list[Mention]:
    """Each place once: loops and factories declare several things at it."""
    by_place: dict[tuple[Span, Role], tuple[Target, ...]] = {}
    for item in found:
        before = by_place.get((item.span, item.role), ())
        by_place[item.span, item.role] = tuple(dict.fromkeys((*before, *item.targets)))
    return [Mention(span, targets, role) for (span, role), targets in by_place.items()]
