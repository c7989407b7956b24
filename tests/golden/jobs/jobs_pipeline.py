"""Jobs that read what other jobs make, and assets that are in no job."""

from flowstone import DailyPartitions, Every, Job, asset

days = DailyPartitions("2024-01-01")


@asset(namespace="raw")
def orders() -> list[int]:
    return [1, 2]


@asset(namespace="raw")
def clients() -> list[str]:
    return ["a"]


@asset(namespace="clean", depends_on=["raw.clients"])
def orders_checked(orders: list[int]) -> list[int]:
    return orders


@asset(optional_deps=["clients"])
def mail(orders_checked: list[int], clients: list[str] | None) -> str:
    return f"{orders_checked} {clients}"


@asset(partitioned_by=days)
def log() -> int:
    return 1


@asset(partitioned_by=days)
def audit(log: int) -> int:
    return log


@asset(group="lost")
def alone() -> int:
    return 1


loading = Job("loading", select="raw.orders raw.clients", schedule=Every("90m"))
cleaning = Job("cleaning", select="clean.orders_checked")
mailing = Job("mailing", select="mail")
logging = Job("logging", select="log")
auditing = Job("auditing", select="audit")
