"""A route with two branches, one of them two assets long, what is made of the chosen one, a join, a checkpoint, gates."""

from flowstone import Approval, Context, DailyPartitions, Failure, Job, Signal, SignalGate, asset, join, route

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=days)
def changes() -> list[int]:
    return [3]


@route(choices=["full", "incremental"], default="incremental", partitioned_by=days)
def mode(changes: list[int], most: int = 2) -> str | None:
    return "full" if len(changes) > most else None


@asset(routed_from="mode", partitioned_by=days)
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode", partitioned_by=days)
def incremental(changes: list[int]) -> list[int]:
    return changes


@asset(partitioned_by=days)
def checked(full: list[int]) -> int:
    return sum(full)


@asset(partitioned_by=days)
def orders(full: list[int] | None, incremental: list[int] | None, checked: int | None) -> list[int]:
    return [*(full or []), *(incremental or []), checked or 0]


@join(branches={"fresh": "changes", "all_of_them": "orders"}, on_failure="partial", partitioned_by=days)
def summary(fresh: list[int] | Failure, all_of_them: list[int] | Failure) -> str:
    return f"{fresh} of {all_of_them}"


@asset(
    checkpoint=Approval("Send {{ it }}?", timeout="1d", on_timeout="approve", approvers=["ada"], when="is_long"),
    partitioned_by=days,
)
def letter(summary: str) -> str:
    return summary.upper()


def is_long(letter: str) -> bool:
    return len(letter) > 1000


@asset(signal_gate=SignalGate(timeout="2d"), partitioned_by=days, airflow={"poke_interval": 60})
def reply(letter: str, ctx: Context) -> Signal:
    return Signal(token=f"reply to {ctx.partition.key}", data=len(letter))


@reply.on_signal
def replied(payload: str, summary: str) -> str:
    return f"{summary}: {payload}"


@reply.on_timeout
def not_replied(signal: Signal, politely: bool = True) -> str:
    return f"no answer to {signal.data} letters{', sorry' if politely else ''}"


@asset
def history(full: dict[str, list[int]]) -> int:
    return len(full)


nightly = Job("nightly")
