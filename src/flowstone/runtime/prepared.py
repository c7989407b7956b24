"""What can be known of a step before it runs: worked out once, used for every partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from flowstone.dsl.partitions import Partitions
from flowstone.errors import ConfigurationError
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, Signature
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.types import UNION, TypeExpr
from flowstone.runtime.parameters import canonical, demand_declared
from flowstone.runtime.versions import code_version, config_version

_NO_CONFIG: Mapping[str, Json] = {}
_MAY_BE_NONE = (UNION, "None")


class Source(Struct, frozen=True):
    """What a step reads by a dependency. With what is asked for each task beside it: nodes lie all over the memory, and
    to look into one takes longer than all that is done with what it says.
    """

    dependency: Dependency
    asset: Asset
    id: str
    """Of the asset."""
    step: str
    """The id of the step that makes it."""
    parameter: str | None
    wanted: TypeExpr | None
    """What the parameter is annotated with, ``None`` left out."""
    plain: bool
    """The one value of an unpartitioned asset is read, which nobody may leave out or reject, and which has to be there
    unless the dependency is optional."""


class PreparedStep(Struct, frozen=True):
    """A step with what it refers to looked up."""

    step: Step
    id: str
    cache: bool
    asks: bool
    """There is somebody outside to wait for: it has a gate or a checkpoint."""
    bare: bool
    """Its function receives nothing but what it reads, unless a run gives it config values."""
    simple: bool
    """What its function returns is the value of its one output, as it is."""
    is_async: bool
    partitions: Partitions | None
    outputs: tuple[Asset, ...]
    output_ids: tuple[str, ...]
    sources: tuple[Source, ...]
    checks: tuple[Check, ...]
    """All checks on its outputs."""
    resources: tuple[Resource, ...]
    """Those it needs, each after the ones that it needs itself."""
    config: Mapping[str, Json]
    """Configured values of its config parameters; for others the function's default holds."""
    project: Project
    function: tuple[str, ...]
    """Where the workspace keeps its function."""
    modules: tuple[str, ...]
    """Those of the functions that are called to make it: its own, and those of its resources and checks."""
    code_version: str
    config_version: str

    @property
    def dependencies(self) -> Iterator[tuple[Dependency, Asset]]:
        """What it reads, and by which dependency."""
        return ((source.dependency, source.asset) for source in self.sources)

    def version_with(self, config: Mapping[str, Json]) -> str:
        """The config version with other values of this step's config parameters."""
        if not config:
            return self.config_version
        return _config_version(
            self.project, self.step, self.outputs, self.resources, self.checks, {**self.config, **config}
        )


def prepare(project: Project, step: Step) -> PreparedStep:
    """Look up everything that a step refers to."""
    assets, checks_of, signature, gate = project.assets, project.checks_of, step.signature, step.gate
    sources = _sources(project, signature.dependencies if gate is None else _read(step))
    output_ids = tuple(step.outputs.values())
    outputs = (assets[output_ids[0]],) if len(output_ids) == 1 else tuple([assets[asset] for asset in output_ids])
    checks = tuple([check for asset in output_ids for check in checks_of.get(asset, ())]) if checks_of else ()
    resources: tuple[Resource, ...] = ()
    if project.resources:
        resources = needed_resources(project, (signature, *[check.signature for check in checks]))
    config = project.params.get(step.id, _NO_CONFIG)
    function = step.function
    place = place_of(function, "asset")
    bound = signature.context is not None or signature.resources or signature.config or config
    return PreparedStep(
        step=step,
        id=step.id,
        cache=step.cache,
        asks=gate is not None or step.checkpoint is not None,
        bare=not bound,
        simple=not (len(output_ids) > 1 or step.scatter is not None or step.choices or function.is_generator),
        is_async=function.is_async,
        partitions=step.partitions,
        outputs=outputs,
        output_ids=output_ids,
        sources=sources,
        checks=checks,
        resources=resources,
        config=config,
        project=project,
        function=place,
        modules=_modules(step, resources, checks) if gate is not None or resources or checks else modules_of(place),
        code_version=code_version(step, resources, checks),
        config_version=_config_version(project, step, outputs, resources, checks, config),
    )


def _sources(project: Project, dependencies: Sequence[Dependency]) -> tuple[Source, ...]:
    assets, judged = project.assets, project.judged
    found = []
    for item in dependencies:
        asset = assets[item.asset]
        step, annotation = asset.step, item.type
        if annotation is not None and annotation.name in _MAY_BE_NONE:
            annotation = wanted(item)
        always = not (judged and step in judged) and not item.partial
        plain = always and asset.partitions is None and item.mapping is None
        found.append(Source(item, asset, item.asset, step, item.parameter, annotation, plain))
    return tuple(found)


def place_of(ref: FunctionRef, kind: str) -> tuple[str, ...]:
    """What tells a user's function from all others."""
    return kind, ref.defined_in, ref.key, ref.module, ref.name


def modules_of(place: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that are imported for a function, by its place."""
    _, defined_in, _, module, _ = place
    return (module,) if module == defined_in else (module, defined_in)


def wanted(dependency: Dependency) -> TypeExpr | None:
    """What a parameter is annotated with, ``None`` left out."""
    annotation = dependency.type
    return annotation.without_none() if annotation is not None and annotation.optional else annotation


def _read(step: Step) -> Sequence[Dependency]:
    """What a step with a gate reads: of several functions that read the same in the same way, once."""
    found: dict[object, Dependency] = {}
    for item in step.signature.dependencies:
        found.setdefault(way_of_reading(item), item)
    return list(found.values())


def way_of_reading(item: Dependency) -> tuple[object, ...]:
    """What two dependencies have in common for which the same is found."""
    return item.asset, item.mapping, item.optional, item.partial


def _functions(step: Step) -> list[FunctionRef]:
    if step.gate is None:
        return [step.function]
    return [step.function, *[handler.function for handler in step.gate.handlers.values()]]


def _modules(step: Step, resources: Sequence[Resource], checks: Sequence[Check]) -> tuple[str, ...]:
    functions = [*_functions(step), *[item.function for item in resources], *[item.function for item in checks]]
    return tuple(dict.fromkeys([name for item in functions for name in modules_of(place_of(item, "asset"))]))


def needed_resources(project: Project, signatures: tuple[Signature, ...]) -> tuple[Resource, ...]:
    """The resources that signatures use, directly or by others, each after those that it uses itself.

    Errors: ConfigurationError if they need each other in a circle.
    """
    found: dict[str, Resource] = {}
    waiting: dict[str, None] = {}
    stack = [use.resource for signature in reversed(signatures) for use in reversed(signature.resources)]
    while stack:
        name = stack[-1]
        missing = [use.resource for use in project.resources[name].signature.resources if use.resource not in found]
        if name in found or not missing:
            found.setdefault(name, project.resources[name])
            stack.pop()
        elif name in waiting:
            raise ConfigurationError(f"the resources {', '.join(waiting)} need each other")
        else:
            waiting[name] = None
            stack.extend(reversed(missing))
    return tuple(found.values())


def _config_version(
    project: Project,
    step: Step,
    outputs: tuple[Asset, ...],
    resources: tuple[Resource, ...],
    checks: tuple[Check, ...],
    config: Mapping[str, Json],
) -> str:
    values = {}
    if config or step.signature.config:
        values[step.id] = _values(step.id, step.signature.config, config)
    for resource in resources:
        configured = project.params.get(resource.name, {})
        values[f"resource {resource.name}"] = _values(resource.name, resource.signature.config, configured)
    for check in checks:
        if check.signature.config:
            configured = project.params.get(check.name, {})
            values[f"check {check.asset} {check.name}"] = _values(check.name, check.signature.config, configured)
    return config_version(project, outputs, values)


def _values(owner: str, parameters: tuple[ConfigParameter, ...], given: Mapping[str, Json]) -> dict[str, Json]:
    """The values that count, defaults included, in canonical form.

    Errors: ConfigurationError for one of the wrong type, or of a parameter that there is not.
    """
    demand_declared(owner, {item.name for item in parameters}, given)
    return {
        item.name: canonical(item, given[item.name], f"{owner}.{item.name}") if item.name in given else item.default
        for item in parameters
    }
