"""The part of a project that rules which look near have to see after a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.function import Signature
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_SAME = ("name", "profile", "classes", "io_managers", "concurrency", "params")
"""Fields that every rule may look at."""


class Changed(Struct, frozen=True):
    """What is not in both of two states of a project, or not the same."""

    files: frozenset[str]
    """Files that declare it in either state."""
    assets: frozenset[str]
    """Ids of assets; those too whose step differs."""
    resources: frozenset[str]
    used: frozenset[str]
    """Resources that something uses which differs."""


def differing(old: Project, new: Project) -> Changed | None:
    """How two states of a project differ; None if it matters to all of it."""
    same = all(getattr(old, field) == getattr(new, field) for field in _SAME)
    if not same or old.resources.keys() != new.resources.keys():
        return None
    steps = _differing(old.steps, new.steps)
    assets = _differing(old.assets, new.assets)
    resources = _differing(old.resources, new.resources)
    checks = _differing(_by_place(old.checks), _by_place(new.checks))
    sensors = _differing(old.sensors, new.sensors)
    made = {asset for project in (old, new) for asset in _outputs(project, steps)}
    items: list[Step | Asset | Resource | Check | Sensor | BodyFact] = []
    for facts in _differing(old.bodies, new.bodies).values():
        items += chain.from_iterable(facts)
    for pairs in (steps, assets, resources, checks, sensors):
        items += chain.from_iterable(pairs.values())
    return Changed(
        frozenset(item.location.file for item in items),
        frozenset(made.union(assets)),
        frozenset(resources),
        frozenset(
            use for item in items if isinstance(item, Step | Check | Resource | Sensor) for use in _used_by(item)
        ),
    )


class Vicinity(Struct, frozen=True, dict=True):
    """What has changed in a project, whatever else is in the same files or uses it, and what all of these use."""

    whole: Project
    changed: Changed

    @cached_property
    def files(self) -> frozenset[str]:
        """The files in which rules that look near may find something else than before."""
        whole = self.whole
        items: list[Step | Check | Resource | Sensor] = [*whole.steps.values(), *whole.checks]
        items += [*whole.resources.values(), *whole.sensors.values()]
        using = (item.location.file for item in items if self._uses_changed(item))
        used = (item.location.file for item in whole.resources.values() if item.name in self.changed.used)
        return self.changed.files.union(using, used)

    def _uses_changed(self, item: Step | Check | Resource | Sensor) -> bool:
        assets, resources, signature = self.changed.assets, self.changed.resources, item.signature
        if assets and any(need.asset in assets for need in signature.dependencies):
            return True
        if resources and any(use.resource in resources for use in signature.resources):
            return True
        return isinstance(item, Check) and item.asset in assets

    def project(self) -> Project:
        """The part of the project that is in these files or that is used there; jobs are left out."""
        whole, files = self.whole, self.files
        own = {item.name for item in whole.resources.values() if item.location.file in files}

        def is_near(item: Step | Check | Sensor) -> bool:
            return item.location.file in files or (bool(own) and not own.isdisjoint(_used_by(item)))

        steps = {step.id for step in whole.steps.values() if is_near(step)}
        checks = tuple(item for item in whole.checks if is_near(item))
        wanted = {asset for step in steps for asset in _mentioned(whole.steps[step])}
        wanted |= {asset for check in checks for asset in (check.asset, *_read_by(check.signature))}
        steps |= {whole.assets[asset].step for asset in wanted if asset in whole.assets}
        assets = wanted | set(_outputs(whole, steps))
        return Project(
            **{field: getattr(whole, field) for field in _SAME},
            steps={key: step for key, step in whole.steps.items() if key in steps},
            assets={key: asset for key, asset in whole.assets.items() if key in assets},
            checks=checks,
            resources=whole.resources,
            sensors={key: item for key, item in whole.sensors.items() if is_near(item)},
            bodies={
                module: facts
                for module, facts in whole.bodies.items()
                if any(fact.location.file in files for fact in facts)
            },
        )


def _mentioned(step: Step) -> Iterator[str]:
    yield from step.outputs.values()
    yield from _read_by(step.signature)


def _used_by(item: Step | Check | Resource | Sensor) -> Iterator[str]:
    return (use.resource for use in item.signature.resources)


def _read_by(signature: Signature) -> Iterator[str]:
    return (dependency.asset for dependency in signature.dependencies)


def _by_place(checks: Iterable[Check]) -> dict[tuple[str, ...], Check]:
    return {(check.function.module, check.function.defined_in, check.asset, check.name): check for check in checks}


def _outputs(project: Project, steps: Iterable[str]) -> Iterator[str]:
    return (asset for step in steps if step in project.steps for asset in project.steps[step].outputs.values())


def _differing(old: Mapping[_Key, _Item], new: Mapping[_Key, _Item]) -> dict[_Key, list[_Item]]:
    """Both states of the items that differ, by key."""
    found = {}
    for key in old.keys() | new.keys():
        before, after = old.get(key), new.get(key)
        if before is not after and before != after:
            found[key] = [item for item in (before, after) if item is not None]
    return found
