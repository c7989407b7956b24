"""What Prefect can express of the language, and how."""

from __future__ import annotations

from flowstone.targets.contract import Capability

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
        ("partitions: daily", "native", "flow parameter daily, a date"),
        ("partitions: hourly", "native", "flow parameter hourly, a text"),
        ("partitions: weekly", "native", "flow parameter weekly, a date"),
        ("partitions: monthly", "native", "flow parameter monthly, a text"),
        ("partitions: static", "native", "flow parameter static, a choice; left out, one task run for each key"),
        ("mapping: same key, collected keys", "runtime", "by the records in the stores"),
        ("mapping: Last, Offset, Only, AllPartitions", "runtime", "by the records in the stores"),
        ("several partition definitions in a job", "runtime", "a coarser partition follows its last finer one"),
        ("io_manager", "runtime", "nothing is stored by Prefect"),
        ("io_manager: memory", "refused", "tasks do not share memory, unless nothing reads the value"),
        ("resource", "runtime", "opened and closed in the task that uses it"),
        ("config parameter", "native", "flow parameter STEP__PARAMETER with its default"),
        ("check", "runtime", "run before the value is published"),
        ("check: blocking", "runtime", "the task fails, and is not tried again"),
        ("retries", "native", "retries, retry_delay_seconds, retry_jitter_factor"),
        ("retries: on", "native", "retry_condition_fn"),
        ("timeout", "runtime", "the step runs in a process of its own, which is killed"),
        ("cache", "runtime", "by records; the task ends in the state Cached"),
        ("job", "native", "a flow and a deployment"),
        ("job without schedule", "native", "deployment triggers: assets of other jobs with the same keys start it"),
        ("schedule: Cron", "native", "5 fields, with time zone; a run makes the last period that is over"),
        ("schedule: Every", "native", "interval, counted from 2000-01-01 UTC"),
        ("prefect=", "native", "log_prints, tags, task_run_name, version, viz_return_value"),
    )
)
