"""Versions of what makes a value: of the code, and of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from flowstone.dsl.scatter import Scatter
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.digest import digest
from flowstone.ir.node import Json
from flowstone.ir.project import Project


def code_version(step: Step, resources: Sequence[Resource], checks: Sequence[Check]) -> str:
    """Digest of the code of a step, of what its declaration says about its value, of the resources that it uses and of
    the checks that judge what it makes.
    """
    partial = [item.parameter for item in step.signature.dependencies if item.partial] if step.branches else []
    if not (resources or checks or step.choices or step.scatter or partial):
        return step.code
    more: list[Json] = []
    if step.choices:
        more.append(["route", step.choices, step.default_choice])
    if partial:
        more.append(["join", partial])
    if step.scatter is not None:
        more.append(
            ["scatter", step.scatter.over, step.scatter.as_, step.scatter.failure_threshold, *_batches(step.scatter)]
        )
    return digest(
        [
            step.code,
            *more,
            sorted((resource.name, resource.code) for resource in resources),
            sorted((check.asset, check.name, check.blocking, check.code) for check in checks),
        ]
    )


def _batches(scatter: Scatter) -> list[int]:
    return [] if scatter.batch_size is None else [scatter.batch_size]


def config_version(project: Project, outputs: Sequence[Asset], values: Mapping[str, Mapping[str, Json]]) -> str:
    """Digest of the values of config parameters, by owner, and of the storage of a step's outputs."""
    types = project.io_manager_types
    storage = {}
    for asset in outputs:
        stored = asset.storage
        manager = types.get(stored.manager, stored.manager)
        if not values and not stored.options and len(outputs) == 1:
            return _nothing_configured(manager)
        storage[asset.id] = [manager, stored.options]
    return digest([values, storage])


@lru_cache
def _nothing_configured(manager: str) -> str:
    """The digest of most steps, which is the same for all of them."""
    return digest(manager)
