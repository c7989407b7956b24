"""What the local runner can do of the language, and how."""

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

_KEYS = "--partition KEY, --partitions FIRST..LAST"
_RECORDS = "by the records in the stores; also orders the partitions of one run"
_STARTED = "named in the script's header: cron or a timer starts it"

CAPABILITIES = tuple(
    Capability(*row)
    for row in (
        ("asset", "native", "a task of the local runner"),
        ("outputs", "native", "one task with several assets"),
        ("description, owners", "native", "in the manifest"),
        ("tags, group", "native", "in the manifest; selectors name them"),
        ("meta", "native", "in the manifest"),
        ("dependency", "native", "by order in the run, by records in the stores"),
        ("dependency: optional", "native", "a missing value is None; the order is that of any dependency"),
        ("partitions: hourly", "native", _KEYS),
        ("partitions: daily", "native", _KEYS),
        ("partitions: weekly", "native", _KEYS),
        ("partitions: monthly", "native", _KEYS),
        (CRON, "native", _KEYS),
        (STATIC, "native", _KEYS),
        (
            MULTI,
            "native",
            "--partition KEY.KEY, DIMENSION=KEY,... or a key of one dimension: all with it",
        ),
        (TWINS, "native", _KEYS),
        (BY_HAND, "native", _KEYS),
        (SAME_KEY, "native", _RECORDS),
        (FINER, "native", _RECORDS),
        (HOURS, "native", _RECORDS),
        (GATHERED, "native", _RECORDS),
        (SPREAD, "native", _RECORDS),
        (BY_DIMENSION, "native", _RECORDS),
        ("mapping: Last, Offset", "native", _RECORDS),
        (FORWARD, "native", _RECORDS),
        ("mapping: Only, AllPartitions", "native", _RECORDS),
        ("mapping: AllPartitions into partitions of the same job", "native", _RECORDS),
        ("several partition definitions in a job", "native", "a coarser partition follows its last finer one"),
        ("io_manager", "native", "called by the task"),
        ("io_manager: memory", "native", "tasks that use it run in the process of the command"),
        ("secret: env, file", "runtime", "in the process that runs the step"),
        ("secret: airflow_connection", "refused", "only Airflow looks it up"),
        ("secret: prefect_secret", "refused", "only Prefect looks it up"),
        ("resource", "native", "opened and closed around the function"),
        ("config parameter", "native", "--set ASSET.PARAM=VALUE; for a compiled job by environment variables"),
        ("check", "native", "run before the value is published"),
        ("check: blocking", "native", "the task fails, and is not tried again"),
        ("retries", "native", "with delay, backoff and jitter"),
        ("retries: on", "native", "other exceptions fail the task without a retry"),
        ("timeout", "native", "the worker process is killed with all that it started"),
        ("concurrency", "native", "among all runs of the project on this machine"),
        ("cache", "native", "by records"),
        ("scatter", "native", "in the one task of the asset: in threads, or in an event loop"),
        ("scatter: rate_limit", "native", "within the task: tasks that run at the same time have a rate each"),
        ("item_reader", "native", "read in the task that scatters over it, as the items are needed"),
        ("route", "native", "the choice is in the record of its value"),
        ("routed_from", "native", "by the record of the choice: branches that are not chosen are skipped"),
        ("join", "native", "the order of its dependencies"),
        ("join: partial", "native", "it waits for its branches, and runs whatever became of them; the run has failed"),
        ("job", "native", "a script"),
        ("job without schedule", "native", "a script"),
        ("schedule: Cron", "runtime", _STARTED),
        (CLOCK_STATIC, "runtime", _STARTED),
        ("schedule: Every", "runtime", _STARTED),
        ("schedule: Every on partitions", "runtime", _STARTED),
        ("local=", "native", "executor: process, thread, inline or dask; there is none for Ray"),
    )
)
