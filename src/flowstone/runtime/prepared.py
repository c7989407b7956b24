"""What can be known of a step before it runs: worked out once, used for every partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from flowstone.dsl.partitions import Partitions
from flowstone.errors import ConfigurationError
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, Signature
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.runtime.parameters import canonical, demand_declared
from flowstone.runtime.versions import code_version, config_version


class PreparedStep(Struct, frozen=True):
    """A step with what it refers to looked up."""

    step: Step
    partitions: Partitions | None
    outputs: tuple[Asset, ...]
    dependencies: tuple[tuple[Dependency, Asset], ...]
    checks: tuple[Check, ...]
    """All checks on its outputs."""
    resources: tuple[Resource, ...]
    """Those it needs, each after the ones that it needs itself."""
    config: Mapping[str, Json]
    """Configured values of its config parameters; for others the function's default holds."""
    project: Project
    modules: frozenset[str]
    """Those of the functions that are called to make it: its own, and those of its resources and checks."""
    code_version: str
    config_version: str

    def version_with(self, config: Mapping[str, Json]) -> str:
        """The config version with other values of this step's config parameters."""
        if not config:
            return self.config_version
        return _config_version(
            self.project, self.step, self.outputs, self.resources, self.checks, {**self.config, **config}
        )


def prepare(project: Project, step: Step) -> PreparedStep:
    """Look up everything that a step refers to."""
    assets, checks_of = project.assets, project.checks_of
    outputs = tuple([assets[asset] for asset in step.outputs.values()])
    checks = tuple([check for asset in outputs for check in checks_of.get(asset.id, ())]) if checks_of else ()
    resources = needed_resources(project, (step.signature, *[check.signature for check in checks]))
    config = project.params.get(step.id, {})
    return PreparedStep(
        step=step,
        partitions=step.partitions,
        outputs=outputs,
        dependencies=tuple([(item, assets[item.asset]) for item in _read(step)]),
        checks=checks,
        resources=resources,
        config=config,
        project=project,
        modules=_modules(
            [*_functions(step), *[item.function for item in resources], *[item.function for item in checks]]
        ),
        code_version=code_version(step, resources, checks),
        config_version=_config_version(project, step, outputs, resources, checks, config),
    )


def _read(step: Step) -> Sequence[Dependency]:
    """What a step reads: of several functions that read the same in the same way, once."""
    if step.gate is None:
        return step.signature.dependencies
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


def needed_resources(project: Project, signatures: tuple[Signature, ...]) -> tuple[Resource, ...]:
    """The resources that signatures use, directly or by others, each after those that it uses itself.

    Errors: ConfigurationError if they need each other in a circle.
    """
    if not [signature for signature in signatures if signature.resources]:
        return ()
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


def _modules(functions: Sequence[FunctionRef]) -> frozenset[str]:
    return frozenset([function.module for function in functions] + [function.defined_in for function in functions])


def _config_version(
    project: Project,
    step: Step,
    outputs: tuple[Asset, ...],
    resources: tuple[Resource, ...],
    checks: tuple[Check, ...],
    config: Mapping[str, Json],
) -> str:
    values = {step.id: _values(step.id, step.signature.config, config)}
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
    if given:
        demand_declared(owner, {item.name for item in parameters}, given)
    elif not parameters:
        return {}
    return {
        item.name: canonical(item, given[item.name], f"{owner}.{item.name}") if item.name in given else item.default
        for item in parameters
    }
