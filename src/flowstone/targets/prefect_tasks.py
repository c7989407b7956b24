"""Tasks of a generated flow: one for each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowstone.dsl.policies import Retry
from flowstone.ir.asset import Asset, Step
from flowstone.ir.project import Project
from flowstone.ir.uri import asset_uri
from flowstone.targets.literals import Call, Ref, call
from flowstone.targets.tags import tag_texts

MAX_DESCRIPTION = 2500
"""Characters that Prefect takes for the description of an asset."""
MAX_DELAYS = 50
"""Retry delays that Prefect takes for a task; the last one holds for all further retries."""


def task_values(project: Project, step: Step, function: str, with_config: bool) -> dict[str, Any]:
    """What the template prints of a task."""
    keys = ["partition"] if step.partitions else []
    values = ["config"] if with_config else []
    values += ["failed"] if step.id in project.tolerated else []
    return {
        "location": str(step.location),
        "assets": [_asset(project, project.assets[asset]) for asset in step.outputs.values()],
        "options": _task_options(project, step),
        "function": function,
        "parameters": [*keys, *values],
        "call": Call("JOB.materialize", (step.id, *map(Ref, keys)), {name: Ref(name) for name in values}),
    }


def _asset(project: Project, asset: Asset) -> Call:
    properties: dict[str, Any] = {"name": asset.id}
    if asset.description:
        properties["description"] = _shortened(asset.description)
    if asset.owners:
        properties["owners"] = list(asset.owners)
    return call("Asset", key=asset_uri(project.name, asset.id), properties=call("AssetProperties", **properties))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1] + "…"


def _task_options(project: Project, step: Step) -> dict[str, Any]:
    """Options of the task; those that the user gave for Prefect alone come last and win, but tags are joined."""
    own = dict(step.engine_options.get("prefect", {}))
    options: dict[str, Any] = {}
    if needs := _needed_assets(project, step):
        options["asset_deps"] = [asset_uri(project.name, asset) for asset in needs]
    options["name"] = step.id
    options["task_run_name"] = f"{step.id}[{{partition}}]" if step.partitions else step.id
    if tags := sorted({*_tags(project, step), *own.pop("tags", ())}):
        options["tags"] = tags
    return {**options, **_retry_options(step.retries), **own}


def _needed_assets(project: Project, step: Step) -> list[str]:
    own = set(step.outputs.values())
    needs = dict.fromkeys(dependency.asset for dependency in step.signature.dependencies)
    return [asset for asset in needs if asset not in own and asset in project.assets]


def _tags(project: Project, step: Step) -> Iterator[str]:
    for output in step.outputs.values():
        asset = project.assets[output]
        yield from tag_texts(asset.tags)
        if asset.group != "default":
            yield f"group:{asset.group}"


def _retry_options(policy: Retry | None) -> dict[str, Any]:
    if policy is None or not policy.max_retries:
        return {}
    delays = [number(policy.wait(retry)) for retry in range(1, min(policy.max_retries, MAX_DELAYS) + 1)]
    options: dict[str, Any] = {"retries": policy.max_retries}
    if any(delays):
        options["retry_delay_seconds"] = delays if len(set(delays)) > 1 else delays[0]
    if policy.jitter:
        options["retry_jitter_factor"] = policy.jitter
    return {**options, "retry_condition_fn": Call("retry_on", tuple(policy.on))}


def number(value: float) -> float:
    return int(value) if value == int(value) else round(value, 3)
