"""Unpartitioned assets in a row, with everything that one asset can ask of an engine."""

from flowstone import CheckResult, Context, Cron, Job, Output, Retry, asset, check, resource


@resource
def source(size: int = 3):
    yield list(range(size))


@asset(
    group="raw",
    owners=["ingestion@example.com"],
    tags={"tier": "bronze", "daily": ""},
    meta={"origin": {"rows": 3}},
    concurrency="sources",
)
def numbers(source: list[int]) -> list[int]:
    """Numbers as the source has them."""
    return source


@asset(
    retries=Retry(3, delay="30s", backoff=2, on=[ConnectionError, "requests.Timeout"]),
    timeout="5m",
    airflow={"pool": "default_pool", "priority_weight": 5, "executor_config": {"KubernetesExecutor": {"image": "x"}}},
    prefect={"tags": ["slow"]},
)
def squares(ctx: Context, numbers: list[int], power: int = 2) -> list[int]:
    ctx.add_metadata({"power": power})
    return [number**power for number in numbers]


@check(asset="squares", blocking=True)
def not_negative(squares: list[int]) -> CheckResult:
    return CheckResult(min(squares) >= 0, {"smallest": min(squares)})


@asset(outputs={"even": Output(description="The even ones."), "odd": Output()})
def parity(squares: list[int]) -> tuple[list[int], list[int]]:
    """Squares by parity."""
    return [item for item in squares if item % 2 == 0], [item for item in squares if item % 2]


@asset(depends_on=["odd"], owners=["a@example.com", "b@example.com"])
def report(even: list[int], title: str = "Even squares", limit: int | None = None) -> str:
    """A report about the even squares, which is described by a text that is long enough to need more than one line.

    It has two paragraphs.
    """
    return f"{title}: {even[:limit]}"


hourly = Job(
    "hourly",
    select="+report",
    schedule=Cron("15 * * * *", timezone="Europe/Berlin"),
    description="Every hour, a quarter past",
    tags={"team": "numbers"},
    owners=["numbers@example.com"],
)
