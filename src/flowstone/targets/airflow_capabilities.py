"""What Airflow can express of the language, and how."""

from __future__ import annotations

from flowstone.targets.contract import Capability

CAPABILITIES = tuple(
    Capability(*row)
    for row in (
        ("asset", "native", "an Asset and a task that has it as outlet; user code is imported when it runs"),
        ("outputs", "native", "one task with several outlets"),
        ("description, owners", "native", "doc_md and owner of the task"),
        ("tags, group, meta", "native", "extra of the Asset; a job's tags are those of its DAGs"),
        ("dependency", "native", "order within a DAG, an asset event between DAGs, inlets for lineage"),
        ("dependency: optional", "runtime", "a missing value is None; the order is that of any dependency"),
        ("partitions: daily", "native", "partition key of the DAG run"),
        ("partitions: hourly", "native", "partition key of the DAG run"),
        ("partitions: weekly", "native", "partition key of the DAG run"),
        ("partitions: monthly", "native", "partition key of the DAG run"),
        ("partitions: static", "native", "partition key of the DAG run"),
        ("mapping: same key", "native", "one DAG, or IdentityMapper between DAGs"),
        (
            "mapping: days into weeks and months, hours (UTC) into days",
            "native",
            "RollupMapper: once all keys are there",
        ),
        (
            "mapping: hours into weeks and months, hours of a zone into days",
            "refused",
            "Airflow has no window for them",
        ),
        (
            "mapping: partitioned into unpartitioned",
            "native",
            "FixedKeyMapper, after each new partition; for static or fixed keys once all are there",
        ),
        (
            "mapping: unpartitioned into partitioned",
            "runtime",
            "read as it is stored; runs by the clock wait for those of the same job",
        ),
        ("mapping: Last, Offset", "runtime", "by the records in the stores; runs of the DAG come one after another"),
        ("mapping: AllPartitions into partitions of the same job", "refused", "each run makes one partition"),
        (
            "mapping: Only, AllPartitions",
            "runtime",
            "by the records in the stores; into partitioned assets they start no run",
        ),
        ("several partition definitions in a job", "native", "a DAG for each, tied by asset events"),
        ("io_manager", "runtime", "nothing goes through XCom"),
        ("io_manager: memory", "refused", "tasks do not share memory, unless nothing reads the value"),
        ("resource", "runtime", "opened and closed in the task that uses it"),
        ("config parameter", "native", "DAG param STEP__PARAMETER with its default"),
        ("check", "runtime", "run before the value is published"),
        ("check: blocking", "runtime", "the task fails, and is not tried again"),
        ("retries", "native", "retries, retry_delay, retry_exponential_backoff; Airflow adds a jitter of its own"),
        ("retries: on", "runtime", "other exceptions fail the task without a retry"),
        (
            "timeout",
            "runtime",
            "the step runs in a process of its own, which is killed; execution_timeout is a little longer",
        ),
        ("cache", "runtime", "by records; the task succeeds and its assets have a new event"),
        ("job", "native", "a file, with a DAG for each partition definition"),
        ("schedule: Cron", "native", "CronTriggerTimetable; for time partitions CronPartitionTimetable, once a period"),
        ("schedule: Cron on static partitions", "refused", "a clock cannot say which key to make"),
        ("schedule: Every", "native", "DeltaTriggerTimetable"),
        ("schedule: Every on partitions", "refused", "it has no fixed place in a period"),
        ("airflow=", "native", "executor, executor_config, pool, pool_slots, priority_weight, queue and others"),
    )
)
