"""What Prefect can express of the language, and how."""

from __future__ import annotations

from flowstone.targets.constructs import (
    BY_DIMENSION,
    BY_HAND,
    CLOCK_STATIC,
    CRON,
    FINER,
    FORWARD,
    GATHERED,
    HOURS,
    MULTI,
    SAME_KEY,
    SPREAD,
    STATIC,
    TWINS,
)
from flowstone.targets.contract import Capability

VERSIONS = ("3.8",)
"""Known minor versions. Code is generated for the last one."""

CAPABILITIES = tuple(
    Capability(*row)
    for row in (
        ("asset", "native", "a task made by @materialize; user code is imported when it runs"),
        ("outputs", "native", "one task with several assets"),
        ("description, owners", "native", "properties of the asset"),
        ("tags, group", "native", "tags of the task"),
        ("meta", "runtime", "metadata of the materialization event"),
        ("dependency", "native", "order by wait_for, lineage by asset_deps"),
        ("dependency: optional", "runtime", "a missing value is None; the order is that of any dependency"),
        ("partitions: hourly", "native", "flow parameter hourly, a text"),
        ("partitions: daily", "native", "flow parameter daily, a date"),
        ("partitions: weekly", "native", "flow parameter weekly, a date"),
        ("partitions: monthly", "native", "flow parameter monthly, a text"),
        (CRON, "native", "flow parameter cron, a text"),
        (STATIC, "native", "flow parameter static, a choice; left out, one task run for each key"),
        (MULTI, "native", "a flow parameter for each dimension; a task run for each combination"),
        (TWINS, "refused", "they would be one flow parameter"),
        (BY_HAND, "native", "the flow parameters of the partitions"),
        (SAME_KEY, "runtime", "by the records in the stores"),
        (FINER, "runtime", "by the records in the stores"),
        (HOURS, "runtime", "by the records in the stores"),
        (GATHERED, "runtime", "by the records in the stores"),
        (SPREAD, "runtime", "read as it is stored"),
        (BY_DIMENSION, "runtime", "by the records in the stores"),
        ("mapping: Last, Offset", "runtime", "by the records in the stores"),
        (FORWARD, "refused", "each run makes one partition, and the later one is not there yet"),
        ("mapping: Only, AllPartitions", "runtime", "by the records in the stores"),
        ("mapping: AllPartitions into partitions of the same job", "runtime", "by the records in the stores"),
        ("several partition definitions in a job", "runtime", "a coarser partition follows its last finer one"),
        ("io_manager", "runtime", "nothing is stored by Prefect"),
        ("io_manager: memory", "refused", "tasks do not share memory, unless nothing reads the value"),
        ("secret: env, file", "runtime", "in the process that runs the step"),
        ("secret: airflow_connection", "refused", "only Airflow looks it up"),
        ("secret: prefect_secret", "runtime", "in the task, the value of the block Secret"),
        ("resource", "runtime", "opened and closed in the task that uses it"),
        ("config parameter", "native", "flow parameter STEP__PARAMETER with its default"),
        ("check", "runtime", "run before the value is published"),
        ("check: blocking", "runtime", "the task fails, and is not tried again"),
        ("retries", "native", "retries, retry_delay_seconds, retry_jitter_factor"),
        ("retries: on", "native", "retry_condition_fn"),
        ("timeout", "runtime", "the step runs in a process of its own, which is killed"),
        ("concurrency", "native", "global concurrency limit PROJECT__NAME, which each flow run brings up to date"),
        ("cache", "runtime", "by records; the task ends in the state Cached"),
        ("scatter", "runtime", "in the one task of the asset: in threads, or in an event loop; not by mapped tasks"),
        ("scatter: rate_limit", "runtime", "within the task: tasks that run at the same time have a rate each"),
        ("item_reader", "runtime", "read in the task that scatters over it, as the items are needed"),
        ("route", "runtime", "the choice is in the record of its value"),
        ("routed_from", "runtime", "by the record of the choice: tasks of branches that are not chosen end as Skipped"),
        ("join", "native", "the order of its dependencies"),
        (
            "join: partial",
            "runtime",
            "submitted by the flow once its branches are over, with the names of those that failed",
        ),
        ("job", "native", "a flow and a deployment"),
        ("job without schedule", "native", "deployment triggers: assets of other jobs with the same keys start it"),
        ("schedule: Cron", "native", "5 fields, with time zone; a run makes the last period that is over"),
        (CLOCK_STATIC, "native", "a run makes all keys, a task run for each"),
        ("schedule: Every", "native", "interval, counted from 2000-01-01 UTC"),
        ("schedule: Every on partitions", "native", "a run makes the last period that is over"),
        ("prefect=", "native", "log_prints, tags, task_run_name, version, viz_return_value"),
    )
)
