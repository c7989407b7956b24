"""What Airflow can express of the language, and how."""

from __future__ import annotations

from flowstone.targets.constructs import (
    BY_DIMENSION,
    BY_HAND,
    CLOCK_DYNAMIC,
    CLOCK_STATIC,
    CRON,
    DYNAMIC,
    EVERY_PARTITIONED,
    FINER,
    FORWARD,
    GATHERED,
    HOURS,
    MULTI,
    SAME_KEY,
    SENSOR,
    SPREAD,
    STATIC,
    TWINS,
    UPDATE,
    UPDATE_ALL_KEYED,
    UPDATE_ANY,
    UPDATE_GATHERED,
    UPDATE_KEYED,
    UPDATE_PERIODS,
)
from flowstone.targets.contract import Capability

VERSIONS = ("3.1", "3.2", "3.3")
"""Known minor versions. Code is generated for the last one, and its runtime needs it."""

_KEYS = "3.2"
"""Runs have partition keys: CronPartitionTimetable, PartitionedAssetTimetable, IdentityMapper, AllowedKeyMapper."""
_MAPPERS = "3.3"
"""RollupMapper and its windows, FixedKeyMapper, PartitionedAtRuntime."""

CAPABILITIES = tuple(
    Capability(*row)
    for row in (
        ("asset", "native", "an Asset and a task that has it as outlet; user code is imported when it runs"),
        ("outputs", "native", "one task with several outlets"),
        ("description, owners", "native", "doc_md and owner of the task"),
        ("tags, group", "native", "extra of the Asset; a job's tags are those of its DAGs"),
        ("meta", "native", "extra of the Asset"),
        ("dependency", "native", "order within a DAG, an asset event between DAGs, inlets for lineage"),
        ("dependency: optional", "runtime", "a missing value is None; the order is that of any dependency"),
        ("partitions: hourly", "native", "partition key of the DAG run", _KEYS),
        ("partitions: daily", "native", "partition key of the DAG run", _KEYS),
        ("partitions: weekly", "native", "partition key of the DAG run", _KEYS),
        ("partitions: monthly", "native", "partition key of the DAG run", _KEYS),
        (CRON, "native", "partition key of the DAG run; by a schedule with the same cron", _KEYS),
        (STATIC, "native", "partition key of the DAG run", _KEYS),
        (
            DYNAMIC,
            "native",
            "partition key of the DAG run, looked up in the registry; a DAG ..._keys tells all keys that this has",
            _MAPPERS,
        ),
        (
            MULTI,
            "native",
            "partition key of the DAG run; a DAG ..._keys, run for each period, tells the combinations",
            _MAPPERS,
        ),
        (TWINS, "native", "partition key of the DAG run, given when it is started", _MAPPERS),
        (BY_HAND, "native", "PartitionedAtRuntime: the key is given when a run is started", _MAPPERS),
        (SAME_KEY, "native", "one DAG, or IdentityMapper between DAGs", _KEYS),
        (FINER, "native", "RollupMapper: once all keys are there", _MAPPERS),
        (HOURS, "refused", "Airflow has no window for them"),
        (
            GATHERED,
            "native",
            "FixedKeyMapper, after each new partition; for static or fixed keys once all are there",
            _MAPPERS,
        ),
        (SPREAD, "runtime", "read as it is stored; runs by the clock wait for those of the same job", _KEYS),
        (
            BY_DIMENSION,
            "runtime",
            "by the records in the stores; a task tells when a dimension is complete for a key, which starts others",
            _MAPPERS,
        ),
        (
            "mapping: Last, Offset",
            "runtime",
            "by the records in the stores; runs of the DAG come one after another",
            _KEYS,
        ),
        (FORWARD, "refused", "each run makes one partition, and the later one is not there yet"),
        (
            "mapping: Only, AllPartitions",
            "runtime",
            "by the records in the stores; into partitioned assets they start no run",
            _KEYS,
        ),
        ("mapping: AllPartitions into partitions of the same job", "refused", "each run makes one partition"),
        ("several partition definitions in a job", "native", "a DAG for each, tied by asset events", _KEYS),
        ("io_manager", "runtime", "nothing goes through XCom"),
        ("io_manager: memory", "refused", "tasks do not share memory, unless nothing reads the value"),
        ("secret: env, file", "runtime", "in the process that runs the step"),
        ("secret: airflow_connection", "runtime", "in the task, by Airflow's own API: the connection's URI"),
        ("secret: prefect_secret", "refused", "only Prefect looks it up"),
        ("resource", "runtime", "opened and closed in the task that uses it"),
        ("config parameter", "native", "DAG param STEP__PARAMETER with its default"),
        ("check", "runtime", "run before the value is published"),
        ("add_partitions", "runtime", "before the value is published; the next run of ..._keys tells the keys"),
        ("check: blocking", "runtime", "the task fails, and is not tried again"),
        ("retries", "native", "retries, retry_delay, retry_exponential_backoff; Airflow adds a jitter of its own"),
        ("retries: on", "runtime", "other exceptions fail the task without a retry"),
        (
            "timeout",
            "runtime",
            "the step runs in a process of its own, which is killed; execution_timeout is a little longer",
        ),
        ("concurrency", "native", "pool PROJECT__NAME; airflow pools import pools.json brings it up to date"),
        ("cache", "runtime", "by records; the task succeeds and its assets have a new event"),
        ("scatter", "runtime", "in the one task of the asset: in threads, or in an event loop; not by mapped tasks"),
        ("scatter: rate_limit", "runtime", "within the task: tasks that run at the same time have a rate each"),
        ("item_reader", "runtime", "read in the task that scatters over it, as the items are needed"),
        ("route", "runtime", "the choice is in the record of its value"),
        (
            "routed_from",
            "runtime",
            "by the record of the choice: what is not chosen is skipped; none_failed where values may be missing",
        ),
        ("join", "native", "the order of its dependencies"),
        (
            "join: partial",
            "runtime",
            "all_done; the task asks for the states of its branches, failed-branches fails the run",
        ),
        (
            "checkpoint",
            "native",
            "a request for input, at which the task waits without a worker; the value is kept aside in its store",
        ),
        ("signal_gate", "runtime", "the task looks into the log of signals again and again, rescheduled in between"),
        ("job", "native", "a file, with a DAG for each partition definition"),
        ("job without schedule", "native", "asset events: what the job reads of others starts it, else somebody does"),
        ("job: concurrency", "native", "max_active_tasks of each of its DAGs, which holds for one run"),
        ("schedule: Cron", "native", "CronTriggerTimetable; for time partitions CronPartitionTimetable, once a period"),
        (CLOCK_DYNAMIC, "native", "the DAG ..._keys is run by the clock, and starts a run for each key", _MAPPERS),
        (CLOCK_STATIC, "refused", "a clock cannot say which key to make"),
        ("schedule: Every", "native", "DeltaTriggerTimetable"),
        (EVERY_PARTITIONED, "refused", "it has no fixed place in a period"),
        (UPDATE, "native", "asset schedule, A & B: once each has a new event"),
        (UPDATE_ANY, "native", "asset schedule, A | B"),
        (UPDATE_KEYED, "native", "PartitionedAssetTimetable, by the key of the event", _KEYS),
        (UPDATE_ALL_KEYED, "native", "once each has a new event of the key", _KEYS),
        (UPDATE_PERIODS, "native", "RollupMapper: once all keys of the period are there", _MAPPERS),
        (UPDATE_GATHERED, "native", "FixedKeyMapper, after each new partition", _MAPPERS),
        (
            SENSOR,
            "runtime",
            "a DAG that looks; the id of a run follows from the key, the cursor is a variable",
        ),
        ("airflow=", "native", "executor, executor_config, pool, pool_slots, priority_weight, queue and others"),
    )
)
