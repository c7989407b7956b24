"""A small Airflow in one process, for running compiled DAGs to their end.

Everything that decides anything is Airflow's own: parsing, the serialized form, the metadata database, the scheduler's
loop (trigger rules, asset events, partition mapping, limits), the execution API and the task runner. Replaced is only
the executor: it runs each task here, at once. Import this module after ``prepare`` has set the environment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.executors.base_executor import BaseExecutor
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.pool import Pool
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import handle_event_submit
from airflow.sdk import DagRunState, TaskInstanceState, timezone
from airflow.sdk.api.datamodels._generated import TaskInstance as SdkTaskInstance
from airflow.sdk.execution_time.supervisor import run_task_in_process
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select

from flowstone.errors import FlowStoneError
from flowstone.targets.airflow_pools import FILE_NAME as POOLS

BUNDLE = "dags-folder"
_ENDED = (
    TaskInstanceState.SUCCESS,
    TaskInstanceState.SKIPPED,
    TaskInstanceState.UP_FOR_RESCHEDULE,
    TaskInstanceState.AWAITING_INPUT,
)
_PAUSE = 0.05


class WorldError(FlowStoneError):
    """The generated files cannot be loaded, or their runs do not come to an end."""


@dataclass(frozen=True)
class TaskState:
    """What became of a task."""

    dag: str
    task: str
    partition: str | None
    """Partition key of the DAG run."""
    state: str
    run: str
    """Id of the DAG run."""


class World:
    """The DAGs of a folder, loaded and ready to run.

    Errors: WorldError for a file that cannot be imported or a DAG that does not survive its serialized form.
    """

    def __init__(self, folder: Path, *, only: Collection[str] | None = None, by_the_clock: bool = False) -> None:
        """Load a folder. ``only`` names DAGs; nothing starts a run of the others."""
        self.errors: list[str] = []
        """What tasks raised, each with the name of its task."""
        self.dags: dict[str, Any] = _load(folder)
        _import_pools(folder)
        with create_session() as session:
            for model in session.scalars(select(DagModel)):
                model.is_paused = model.dag_id not in (self.dags if only is None else only)
                if not by_the_clock:
                    model.next_dagrun_create_after = None
        self._executor = _InlineExecutor(self)
        self._scheduler = SchedulerJobRunner(job=Job(), executors=[self._executor])
        self._triggered = 0

    def trigger(self, dag_id: str, partition: str | None = None, conf: Mapping[str, Any] | None = None) -> str:
        """Queue a run; its id. Errors: those of Airflow for a key that the DAG does not take."""
        self._triggered += 1
        # SQLite's clock has whole seconds, and a run starts once its time is over: runs keep the order of triggering.
        instant = timezone.utcnow() - timedelta(seconds=3600) + timedelta(milliseconds=self._triggered)
        with create_session() as session:
            dag = SerializedDagModel.get(dag_id, session=session).dag
            dag.validate_partition_key(partition)
            run = dag.create_dagrun(
                run_id=f"manual__{self._triggered:06}__{instant.isoformat()}",
                logical_date=None,
                run_after=instant,
                conf=dict(conf or {}),
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.QUEUED,
                partition_key=partition,
                partition_date=dag.timetable.resolve_partition_date(partition) if partition else None,
                session=session,
            )
            return str(run.run_id)

    def run(self, timeout: float = 3600.0) -> None:
        """Let the scheduler work until nothing is left to do. Errors: WorldError after ``timeout`` seconds."""
        end, idle = time.monotonic() + timeout, 0
        while time.monotonic() < end:
            if self._tick():
                idle = 0
                continue
            idle += 1
            if idle >= 3:
                if not self._waiting():
                    return
                time.sleep(_PAUSE)
        raise WorldError(f"still running after {timeout:g} s: {self.tasks()}")

    def answer(self, task_id: str, option: str, user: str = "ada") -> None:
        """Choose an option for each request of a task that waits for input, as Airflow's API does."""
        waits = TaskInstance.state == TaskInstanceState.AWAITING_INPUT
        query = select(TaskInstance).where(waits, TaskInstance.dag_id.in_(self.dags), TaskInstance.task_id == task_id)
        with create_session() as session:
            for task in session.scalars(query):
                detail = session.get(HITLDetail, task.id)
                assert detail is not None
                detail.responded_at, detail.chosen_options, detail.params_input = timezone.utcnow(), [option], {}
                detail.responded_by = {"id": user, "name": user}
                event = TriggerEvent(detail.as_resume_event_payload())
                handle_event_submit(event, task_instance=task, session=session)

    def _tick(self) -> bool:
        """One turn of the scheduler; whether something happened."""
        with create_session() as session:
            queued = self._scheduler._do_scheduling(session)  # noqa: SLF001 - its loop would not end
            session.expunge_all()
        self._executor.heartbeat()
        with create_session() as session:
            done = self._scheduler._process_executor_events(executor=self._executor, session=session)  # noqa: SLF001
        return bool(queued or done)

    def _waiting(self) -> bool:
        """Whether time alone will bring something to do."""
        waiting = (TaskInstanceState.UP_FOR_RETRY, TaskInstanceState.UP_FOR_RESCHEDULE)
        with create_session() as session:
            tasks = select(TaskInstance.id).where(TaskInstance.dag_id.in_(self.dags), TaskInstance.state.in_(waiting))
            runs = select(DagRun.id).where(DagRun.dag_id.in_(self.dags), DagRun.state == DagRunState.QUEUED)
            return any(session.scalar(query.limit(1)) is not None for query in (tasks, runs))

    def run_task(self, task_instance: Any) -> Any:
        """Run one task in this process; its state."""
        task = self.dags[task_instance.dag_id].get_task(task_instance.task_id)
        result = run_task_in_process(
            ti=SdkTaskInstance(
                id=UUID(str(task_instance.id)),
                task_id=task_instance.task_id,
                dag_id=task_instance.dag_id,
                run_id=task_instance.run_id,
                try_number=task_instance.try_number,
                map_index=task_instance.map_index,
                dag_version_id=UUID(str(task_instance.dag_version_id)),
            ),
            task=task,
        )
        if result.error is not None:
            self.errors.append(f"{task_instance.dag_id}.{task_instance.task_id}: {result.error!r}")
        return result.state

    def tasks(self, dag_id: str | None = None) -> list[TaskState]:
        """The tasks of all runs, in the order in which the runs were made."""
        query = (
            select(TaskInstance, DagRun)
            .join(DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id))
            .where(TaskInstance.dag_id.in_([dag_id] if dag_id else self.dags))
            .order_by(DagRun.id, TaskInstance.task_id)
        )
        with create_session() as session:
            return [
                TaskState(task.dag_id, task.task_id, run.partition_key, str(task.state), run.run_id)
                for task, run in session.execute(query)
            ]

    def runs(self, dag_id: str) -> list[tuple[str | None, str]]:
        """Partition key and state of each run of a DAG."""
        with create_session() as session:
            query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.id)
            return [(run.partition_key, str(run.state)) for run in session.scalars(query)]


class _InlineExecutor(BaseExecutor):
    """Runs what it is given at once, in this process."""

    is_local = True
    supports_ad_hoc_ti_run = True

    def __init__(self, world: World) -> None:
        super().__init__(parallelism=32)
        self._world = world

    def start(self) -> None:
        """Nothing to start."""

    def end(self) -> None:
        """Nothing to end."""

    def terminate(self) -> None:
        """Nothing to terminate."""

    def _process_workloads(self, workloads: Any) -> None:
        for workload in workloads:
            self.queued_tasks.pop(workload.key, None)
            self.running.add(workload.key)
            if self._world.run_task(workload.ti) in _ENDED:
                self.success(workload.key)
            else:
                self.fail(workload.key)


def _import_pools(folder: Path) -> None:
    """What ``airflow pools import`` does with the file beside the DAGs."""
    path = folder / POOLS
    if path.exists():
        for name, pool in json.loads(path.read_text(encoding="utf-8")).items():
            Pool.create_or_update_pool(name, pool["slots"], pool["description"], pool["include_deferred"])


def _load(folder: Path) -> dict[str, Any]:
    """Parse the files, let each DAG make the way to the database and back, and keep the parsed ones for execution."""
    DagBundlesManager().sync_bundles_to_db()
    bag = BundleDagBag(dag_folder=str(folder), bundle_path=folder, bundle_name=BUNDLE)
    if bag.import_errors:
        raise WorldError("\n".join(f"{path}: {error}" for path, error in bag.import_errors.items()))
    for dag in bag.dags.values():
        DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    with create_session() as session:
        sync_bag_to_db(bag, BUNDLE, None, session=session)
    return dict(bag.dags)
