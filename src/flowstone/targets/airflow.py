"""Airflow: one file for each job, with a DAG for each group of its steps and an operator for each step.

A generated file holds what Airflow shows and what it schedules by; everything else is in the manifest beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.dsl.approval import Approval
from flowstone.dsl.duration import seconds
from flowstone.dsl.mappings import Last, Offset, Only, each_mapping
from flowstone.dsl.partitions import Partitions, TimePartitions
from flowstone.dsl.policies import Retry
from flowstone.ir.asset import Asset, Step
from flowstone.ir.digest import project_digest
from flowstone.ir.job import Job
from flowstone.ir.limits import limit_id
from flowstone.ir.project import Project
from flowstone.ir.run_parameters import config_parameters, config_value, parameter_name
from flowstone.ir.sensor import Sensor
from flowstone.ir.uri import asset_uri
from flowstone.targets.airflow_capabilities import CAPABILITIES, VERSIONS
from flowstone.targets.airflow_clock import first_tick, last_tick, partition_timetable, plain_timetable
from flowstone.targets.airflow_dags import Clock, Dag, Events, Plan, Trigger
from flowstone.targets.airflow_mappers import gathers_periods
from flowstone.targets.airflow_params import param
from flowstone.targets.airflow_plan import plan
from flowstone.targets.airflow_pools import pools_file
from flowstone.targets.airflow_rules import refusals
from flowstone.targets.airflow_sensors import cursor_name, sensor_dag_id, started_by_sensors
from flowstone.targets.airflow_source import Names, functions, imports
from flowstone.targets.contract import Capability, Rendered, RenderOptions
from flowstone.targets.file_names import file_stems
from flowstone.targets.header import header
from flowstone.targets.literals import WIDTH, Call, call
from flowstone.targets.manifest import manifest_file
from flowstone.targets.tags import tag_texts
from flowstone.targets.templates import render

MAX_ACTIVE_RUNS = 16
"""Runs of a partitioned DAG at the same time, unless they read each other's partitions."""
EPOCH = datetime(2024, 1, 1)
"""Start of DAGs that have no partitions; runs are never made for times that are over."""
CODE_LENGTH = len("sha256:") + 12
WAITING = "await-upstream"
"""Id of the task that waits for other DAGs of the job; no step has a hyphen in its id."""
KEYS = "tell-keys"
"""Id of the task that tells the keys of another DAG."""
FAILED = "failed-branches"
"""Id of the task that fails where a branch failed of which a join does without."""


class AirflowTarget:
    """Generates DAGs for Airflow 3.3."""

    name: ClassVar[str] = "airflow"
    versions: ClassVar[tuple[str, ...]] = VERSIONS
    capabilities: ClassVar[tuple[Capability, ...]] = CAPABILITIES

    def check(self, project: Project) -> Iterator[Diagnostic]:
        """What Airflow cannot do."""
        return refusals(project)

    def render(self, project: Project, options: RenderOptions) -> Rendered:
        """One file for each job, the pools that they need, and the manifest."""
        made = plan(project)
        digest = project_digest(project)
        stems = file_stems(project, "_dag")
        files = {
            f"{stems[job.name]}.py": render(
                "airflow/dag.py.jinja",
                options.template_folder,
                **_File(project, job, made, digest).values(),
            )
            for job in project.jobs.values()
        }
        return Rendered({**files, **pools_file(project), **manifest_file(project, options.project_root)})


class _File:
    """One generated file."""

    def __init__(self, project: Project, job: Job, made: Plan, digest: str) -> None:
        self._project = project
        self._job = job
        self._dags = [dag for dag in made.dags if dag.job is job]
        self._by_dimension = made.by_dimension
        self._digest = digest
        self._names = Names()

    def values(self) -> dict[str, Any]:
        """What the template prints."""
        assets = [(self._names.asset(asset).name, self._asset(asset)) for asset in self._used_assets()]
        assets += [(self._names.asset(source).name, self._source(source)) for source in self._used_sources()]
        dags = [item for dag in self._dags for item in (*self._keys_dag(dag), self._dag(dag))]
        dags += [self._sensor_dag(sensor) for sensor in self._project.sensors_of.get(self._job.name, ())]
        calls: list[Any] = [item for _, item in assets]
        calls += [item for dag in dags for item in (dag["call"], *(task["call"] for task in dag["tasks"]))]
        return {"header": self._header(), "imports": imports(functions(calls)), "assets": assets, "dags": dags}

    def _header(self) -> str:
        title = f"Airflow DAGs of the job {self._job.name}: one for each partition definition."
        return header(
            title, self._project, self._job, made_for=f"Airflow {VERSIONS[-1]}", target="airflow", digest=self._digest
        )

    def _used_assets(self) -> list[str]:
        """Assets that steps of the job make or read, or whose events start it, in the order of the project."""
        steps = [self._project.steps[step] for step in self._job.steps]
        used = {asset for step in steps for asset in (*step.outputs.values(), *_inlets(step))}
        used.update(source for dag in self._dags for source in dag.sources)
        return [asset for asset in self._project.assets if asset in used]

    def _asset(self, id: str) -> Call:
        asset = self._project.assets[id]
        extra: dict[str, Any] = {"io_manager": asset.storage.manager}
        if asset.group != "default":
            extra["group"] = asset.group
        if asset.tags:
            extra["tags"] = tag_texts(asset.tags)
        if asset.meta:
            extra["meta"] = asset.meta
        return call(
            "Asset",
            name=f"{self._project.name}.{id}",
            uri=asset_uri(self._project.name, id),
            group="flowstone",
            extra=extra,
        )

    def _used_sources(self) -> list[str]:
        """What else than assets has events that start runs here, or that tasks here have."""
        started = [source for dag in self._dags for source in dag.sources]
        told = [source for dag in self._dags for source, _, _ in self._told(dag)]
        return [source for source in dict.fromkeys((*started, *told)) if source not in self._project.assets]

    def _source(self, source: str) -> Call:
        name = f"{self._project.name}.{source}"
        return call("Asset", name=name, uri=asset_uri(self._project.name, source), group="flowstone")

    def _told(self, dag: Dag) -> Iterator[tuple[str, str, str]]:
        """The events by dimension of what a DAG makes: source, step and dimension."""
        for step in dag.group.steps:
            for asset in self._project.steps[step].outputs.values():
                for dimension in self._by_dimension.get(asset, ()):
                    yield f"{asset}/{dimension}", step, dimension

    def _keys_dag(self, dag: Dag) -> Iterator[dict[str, Any]]:
        """The DAG that tells the keys of another one."""
        keys = dag.keys
        if keys is None:
            return
        schedule = self._schedule(keys.trigger, keys.partitions)
        arguments = self._dag_arguments(keys.id, schedule, keys.partitions, keys.trigger)
        arguments["max_active_runs"] = MAX_ACTIVE_RUNS
        waiting = [self._waiting(dag)] if dag.awaits else []
        outlets = [self._names.asset(keys.source)]
        told = call("TellKeys", task_id=KEYS, step=dag.group.steps[0], outlets=outlets)
        name = self._names.task(f"{dag.id}.{KEYS}").name
        yield {
            "call": Call("DAG", (), self._described(arguments)),
            "tasks": [*waiting, {"name": name, "call": told, "source": f"tells the keys of {dag.id}"}],
            "edges": [f"{self._names.task(WAITING).name} >> {name}"] if waiting else [],
        }

    def _dag(self, dag: Dag) -> dict[str, Any]:
        steps = [self._project.steps[step] for step in dag.group.steps]
        waiting = [self._waiting(dag)] if dag.awaits and dag.keys is None else []
        branches = [step for step in dag.group.steps if any(step in self._tolerated(join) for join in dag.group.steps)]
        return {
            "call": self._dag_call(dag, steps),
            "tasks": [
                *waiting,
                *(
                    {"name": self._names.task(step.id).name, "call": self._task(step), "source": str(step.location)}
                    for step in steps
                ),
                *(self._telling(*told) for told in self._told(dag)),
                *([self._failing()] if branches else []),
            ],
            "edges": [
                *(edge for step in steps for edge in self._edges(step, dag)),
                *(self._edge(step, source) for source, step, _ in self._told(dag)),
                *_edges(
                    [self._names.task(step).name for step in branches],
                    self._names.task(FAILED).name if branches else "",
                ),
            ],
        }

    def _tolerated(self, step: str) -> frozenset[str]:
        return self._project.tolerated.get(step, frozenset())

    def _failing(self) -> dict[str, Any]:
        return {
            "name": self._names.task(FAILED).name,
            "call": call("FailedBranches", task_id=FAILED),
            "source": "fails the run if a branch failed",
        }

    def _edge(self, first: str, second: str) -> str:
        return f"{self._names.task(first).name} >> {self._names.task(second).name}"

    def _telling(self, source: str, step: str, dimension: str) -> dict[str, Any]:
        asset = source.rpartition("/")[0]
        outlets = [self._names.asset(source)]
        return {
            "name": self._names.task(source).name,
            "call": call(
                "TellDimension", task_id=f"{asset}-by-{dimension}", asset=asset, dimension=dimension, outlets=outlets
            ),
            "source": f"tells for which {dimension} all partitions of {step} are there",
        }

    def _waiting(self, dag: Dag) -> dict[str, Any]:
        inlets = [self._names.asset(asset) for asset in dag.awaits]
        return {
            "name": self._names.task(WAITING).name,
            "call": call("AwaitAssets", task_id=WAITING, inlets=inlets),
            "source": "made by another DAG of the job at the same time",
        }

    def _dag_call(self, dag: Dag, steps: Sequence[Step]) -> Call:
        partitions = dag.group.partitions
        schedule = self._schedule(dag.trigger, partitions)
        arguments = self._dag_arguments(dag.id, schedule, partitions, dag.trigger)
        one_by_one = partitions is None or any(self._reads_its_past(step) for step in steps)
        arguments["max_active_runs"] = 1 if one_by_one else MAX_ACTIVE_RUNS
        return Call("DAG", (), self._described(arguments, self._params(steps)))

    def _sensor_dag(self, sensor: Sensor) -> dict[str, Any]:
        """The DAG that looks, and starts the others."""
        schedule = call("DeltaTriggerTimetable", timedelta(seconds=sensor.every))
        arguments = self._dag_arguments(sensor_dag_id(self._project, sensor), schedule, None, None)
        arguments["max_active_runs"] = 1
        starts, follows = started_by_sensors(self._project, self._dags)
        task: dict[str, Any] = {"task_id": sensor.name, "cursor": cursor_name(self._project, sensor), "starts": starts}
        if follows:
            task["follows"] = follows
        task["execution_timeout"] = timedelta(seconds=sensor.timeout)
        if sensor.description:
            task["doc_md"] = _markdown(sensor.description)
        name = self._names.task(f"sensor {sensor.name}").name
        looks = {"name": name, "call": Call("SensorOperator", (), task), "source": str(sensor.location)}
        return {"call": Call("DAG", (), self._described(arguments)), "tasks": [looks], "edges": []}

    def _dag_arguments(self, id: str, schedule: Any, partitions: Partitions | None, trigger: Trigger) -> dict[str, Any]:
        arguments: dict[str, Any] = {"dag_id": id, "schedule": schedule}
        if isinstance(partitions, TimePartitions):
            arguments["start_date"] = _instant(first_tick(partitions), partitions.timezone)
            end = last_tick(partitions)
            if isinstance(trigger, Clock) and end is not None:
                arguments["end_date"] = _instant(end, partitions.timezone)
        else:
            arguments["start_date"] = _instant(EPOCH, "UTC")
        arguments["catchup"] = False
        return arguments

    def _described(self, arguments: dict[str, Any], params: dict[str, Call] | None = None) -> dict[str, Any]:
        """With what every DAG of the job has."""
        job = self._job
        arguments["default_args"] = {
            "owner": ", ".join(job.owners) or self._project.name,
            "retries": 0,
            "trigger_rule": "all_success",
        }
        if job.concurrency is not None:
            arguments["max_active_tasks"] = job.concurrency
        if params:
            arguments["params"] = params
        arguments["tags"] = sorted({"flowstone", self._project.name, *tag_texts(job.tags)})
        if job.description:
            arguments["doc_md"] = _markdown(job.description)
        return arguments

    def _reads_its_past(self, step: Step) -> bool:
        """Whether a run reads what others have made, or all that there is."""
        for need in step.signature.dependencies:
            if any(isinstance(item, Last | Offset | Only) for item in each_mapping(need.mapping)):
                return True
            producer = self._project.assets.get(need.asset)
            if producer is not None and gathers_periods(step.partitions, producer.partitions, need.mapping):
                return True
        return False

    def _schedule(self, trigger: Trigger, partitions: Partitions | None) -> Any:
        if isinstance(trigger, Clock):
            if partitions is None:
                return plain_timetable(trigger.schedule)
            return partition_timetable(trigger.schedule, partitions)
        if trigger is None:
            return None if partitions is None else call("PartitionedAtRuntime")
        assets = [self._names.asset(asset) for asset in trigger.mappers]
        if not trigger.keyed and trigger.when != "any":
            return assets
        # What gathers partitions is made again with each new one; a partition once all that it reads is there.
        when = trigger.when or ("all" if partitions is not None else "any")
        condition = Call("AssetAll" if when == "all" else "AssetAny", tuple(assets))
        if not trigger.keyed:
            return assets if len(assets) == 1 else condition
        arguments = {"assets": assets[0] if len(assets) == 1 else condition, **self._mappers(trigger)}
        return Call("PartitionedAssetTimetable", (), arguments)

    def _mappers(self, trigger: Events) -> dict[str, Any]:
        mappers = {self._names.asset(asset): mapper for asset, mapper in trigger.mappers.items()}
        first = next(iter(mappers.values()))
        if any(mapper != first for mapper in mappers.values()):
            return {
                "partition_mapper_config": {asset: mapper for asset, mapper in mappers.items() if mapper is not None}
            }
        return {} if first is None else {"default_partition_mapper": first}

    def _params(self, steps: Sequence[Step]) -> dict[str, Call]:
        return {
            parameter_name(step, item.name): param(
                item.type, config_value(self._project, step, item), f"Config parameter {item.name} of {step}"
            )
            for step, item in config_parameters(self._project, [step.id for step in steps])
        }

    def _task(self, step: Step) -> Call:
        assets = [self._project.assets[asset] for asset in step.outputs.values()]
        arguments: dict[str, Any] = {"task_id": step.id, "code": step.code[:CODE_LENGTH]}
        if doc := _description(assets):
            arguments["doc_md"] = _markdown(doc)
        if owners := list(dict.fromkeys(owner for asset in assets for owner in asset.owners)):
            arguments["owner"] = ", ".join(owners)
        if inlets := [self._names.asset(asset) for asset in _inlets(step) if asset in self._project.assets]:
            arguments["inlets"] = inlets
        arguments["outlets"] = [self._names.asset(asset.id) for asset in assets]
        if self._tolerated(step.id):
            arguments["trigger_rule"] = "all_done"
        elif self._may_lack_branches(step):
            arguments["trigger_rule"] = "none_failed"
        if step.checkpoint is not None:
            arguments.update(_approval_options(step.checkpoint))
        arguments.update(_retry_options(step.retries))
        if step.timeout is not None:
            arguments["timeout"] = timedelta(seconds=step.timeout)
        if step.concurrency is not None:
            arguments["pool"] = limit_id(self._project, step.concurrency)
        arguments.update(step.engine_options.get("airflow", {}))
        return Call(_operator(step), (), arguments)

    def _may_lack_branches(self, step: Step) -> bool:
        """Whether a step runs although routes leave out what it reads. The task itself sees what is there."""
        routes, assets = self._project.routes, self._project.assets
        return any(need.optional and assets[need.asset].step in routes for need in step.signature.dependencies)

    def _edges(self, step: Step, dag: Dag) -> Iterator[str]:
        needs = [self._names.task(need).name for need in dag.group.steps if need in self._project.upstream[step.id]]
        if dag.keys is None and any(need.asset in dag.awaits for need in step.signature.dependencies):
            needs.insert(0, self._names.task(WAITING).name)
        return _edges(needs, self._names.task(step.id).name)


def _edges(needs: Sequence[str], target: str) -> Iterator[str]:
    """The order of one task after others, in a line if it is short enough."""
    together = f"[{', '.join(needs)}] >> {target}" if len(needs) > 1 else "".join(f"{n} >> {target}" for n in needs)
    if len(together) + 4 <= WIDTH:
        yield from [together] if needs else []
    else:
        yield from (f"{need} >> {target}" for need in needs)


def _inlets(step: Step) -> list[str]:
    """Assets that a step reads; its own former partitions are not among them."""
    own = set(step.outputs.values())
    return [asset for asset in dict.fromkeys(need.asset for need in step.signature.dependencies) if asset not in own]


def _operator(step: Step) -> str:
    if step.gate is not None:
        return "SignalledAssetOperator"
    return "AssetOperator" if step.checkpoint is None else "ApprovedAssetOperator"


def _approval_options(approval: Approval) -> dict[str, Any]:
    options: dict[str, Any] = {"message": approval.message}
    if approval.timeout is not None:
        options["response_timeout"] = timedelta(seconds=seconds(approval.timeout))
        if approval.on_timeout != "fail":
            options["defaults"] = "Approve" if approval.on_timeout == "approve" else "Reject"
    if approval.approvers:
        options["assigned_users"] = [{"id": name, "name": name} for name in approval.approvers]
    return options


def _retry_options(policy: Retry | None) -> dict[str, Any]:
    if policy is None or not policy.max_retries:
        return {}
    options: dict[str, Any] = {"retries": policy.max_retries, "retry_delay": timedelta(seconds=seconds(policy.delay))}
    if policy.backoff > 1:
        options["retry_exponential_backoff"] = policy.backoff
    return options


def _description(assets: Sequence[Asset]) -> str:
    texts = {asset.id: asset.description for asset in assets if asset.description}
    if len(assets) == 1:
        return next(iter(texts.values()), "")
    return "\n\n".join(f"{name}: {text}" for name, text in texts.items())


def _markdown(text: str) -> str:
    """Airflow takes what ends with ``.md`` for the name of a file."""
    return text + "\n" if text.endswith(".md") else text


def _instant(value: datetime, timezone: str) -> Call:
    """A time on the wall of the zone."""
    numbers = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    while len(numbers) > 3 and numbers[-1] == 0:
        numbers.pop()
    return Call("pendulum.datetime", tuple(numbers), {"tz": timezone})
