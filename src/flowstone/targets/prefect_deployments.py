"""Deployments in ``prefect.yaml``: when the flows run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowstone.dsl.mappings import dimension_pairs, is_by_dimension
from flowstone.dsl.partitions import DynamicPartitions, MultiPartitions, Partitions
from flowstone.dsl.schedule import ClockSchedule, Cron, Every, OnUpdate
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.updates import updates_of
from flowstone.ir.uri import asset_uri
from flowstone.targets.cron import cron_fields
from flowstone.targets.prefect_names import Names
from flowstone.targets.prefect_rules import is_compound, starters
from flowstone.targets.prefect_tasks import number
from flowstone.targets.tags import tag_texts


def deployment(project: Project, job: Job, path: str, names: Names) -> dict[str, Any]:
    """What the template of ``prefect.yaml`` prints of a job: texts that are YAML already."""
    clock = None if isinstance(job.schedule, OnUpdate) else job.schedule
    schedule = {} if clock is None else _schedule(clock)
    return {
        "name": yaml_text(job.name),
        "entrypoint": yaml_text(f"{path}:{names.flow}"),
        "tags": f"[{', '.join(map(yaml_text, ['flowstone', *tag_texts(job.tags)]))}]",
        "schedule": {name: yaml_text(value) for name, value in schedule.items()},
        "triggers": [] if clock else list(_triggers(project, job, names)),
        "one_at_a_time": False,
    }


def sensor_deployments(project: Project, job: Job, path: str, names: Names) -> Iterator[dict[str, Any]]:
    """The same of its sensors: one look at a time, and none that is made up for."""
    for sensor in project.sensors_of.get(job.name, ()):
        yield {
            "name": yaml_text(f"{job.name}-sensor-{sensor.name}"),
            "entrypoint": yaml_text(f"{path}:{names.sensors[sensor.name]}"),
            "tags": f"[{', '.join(map(yaml_text, ['flowstone', 'sensor']))}]",
            "schedule": {key: yaml_text(value) for key, value in _schedule(Every(sensor.every)).items()},
            "triggers": [],
            "one_at_a_time": True,
        }


def _triggers(project: Project, job: Job, names: Names) -> Iterator[dict[str, Any]]:
    """What starts runs of a job that no clock starts."""
    assets = starters(project, job) if job.schedule is None else updates_of(project, job)
    if is_compound(project, job):
        name = f"{job.name} after {' and '.join(assets)}"
        yield {"name": yaml_text(name), "all": [yaml_text(asset_uri(project.name, asset)) for asset in assets]}
    else:
        yield from (_trigger(project, job, names, asset) for asset in assets)


def _trigger(project: Project, job: Job, names: Names, asset: str) -> dict[str, Any]:
    """What starts a run for each materialization of an asset, and the parameters that receive its key."""
    definition = project.assets[asset].partitions
    parts = definition.by_name if isinstance(definition, MultiPartitions) else {"": definition}
    collected = _collected(project, job, asset)
    texts = {item: f"dimensions.{name}" if name else "key" for name, item in parts.items() if item not in collected}
    if isinstance(definition, DynamicPartitions):
        texts = dict.fromkeys(texts, "partition")  # a key as it is written may look like the text of another
    return {
        "name": yaml_text(f"{job.name} after {asset}"),
        "all": [],
        "asset": yaml_text(asset_uri(project.name, asset)),
        "parameters": {
            name: yaml_text(f"{{{{ event.payload.{texts[own]} }}}}")
            for name, own in names.partitions.items()
            if own in texts
        },
    }


def _collected(project: Project, job: Job, asset: str) -> set[Partitions]:
    """The dimensions of an asset of which some step of the job reads all keys: one of these does not start a run."""
    theirs = project.assets[asset].partitions
    found: set[Partitions] = set()
    for step in map(project.steps.__getitem__, job.steps):
        for need in step.signature.dependencies:
            if need.asset == asset and theirs and is_by_dimension(step.partitions, theirs, need.mapping):
                pairs = dimension_pairs(step.partitions, theirs, need.mapping)
                found.update(pair.producer for pair in pairs if pair.reads_all)
    return found


def _schedule(schedule: ClockSchedule) -> dict[str, str | float | bool]:
    if isinstance(schedule, Cron):
        return {
            "cron": " ".join(cron_fields(schedule.expression)),
            "timezone": schedule.timezone or "UTC",
            "day_or": True,
        }
    assert isinstance(schedule.interval, float)
    return {"interval": number(schedule.interval), "anchor_date": "2000-01-01T00:00:00+00:00", "timezone": "UTC"}


def yaml_text(value: str | float | bool) -> str:
    """A scalar on one line of YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return f'"{"".join(map(_yaml_char, value))}"'


def _yaml_char(char: str) -> str:
    if char in '\\"':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\U{ord(char):08x}"
