"""Invoices that come as files: each is read, a bookkeeper says where it belongs, and the books add up what was booked.

A sensor waits for files, and a signal gate for the bookkeeper; neither keeps a process waiting.
"""

import json
from pathlib import Path

from flowstone import (
    Context,
    DynamicPartitions,
    Job,
    RunRequest,
    Signal,
    SignalGate,
    asset,
    resource,
    sensor,
)

ACCOUNTS = ("energy", "rent", "travel", "unclear")

# Nobody knows beforehand which invoices there will be: each becomes a partition when its file is there.
numbers = DynamicPartitions("invoices")


@resource
def inbox(folder: str = "inbox") -> Path:
    """Where suppliers' files arrive."""
    return Path(__file__).parent / folder


@asset(partitioned_by=numbers)
def invoice(ctx: Context, inbox: Path) -> dict[str, str | int]:
    """An invoice, as it came."""
    assert ctx.partition is not None
    found: dict[str, str | int] = json.loads((inbox / f"{ctx.partition.key}.json").read_text(encoding="utf-8"))
    return found


@asset(partitioned_by=numbers, signal_gate=SignalGate(timeout="7d"))
def account(ctx: Context, invoice: dict[str, str | int]) -> Signal:
    """The account that an invoice belongs to. Only the bookkeeper knows it, so the function asks, and is over.

    The token is made of the number, so that who asks twice asks the same. The answer is sent by
    ``flowstone signal "account 2024-001" --payload '"rent"'``, or by whatever the bookkeeper works with.
    """
    assert ctx.partition is not None
    return Signal(token=f"account {ctx.partition.key}", data={"from": invoice["sender"], "for": invoice["subject"]})


@account.on_signal
def answered(payload: str) -> str:
    """What the bookkeeper says. An account that there is not fails the asset, and the next run asks anew."""
    if payload not in ACCOUNTS:
        raise ValueError(f"there is no account {payload!r}, only {', '.join(ACCOUNTS)}")
    return payload


@account.on_timeout
def unanswered() -> str:
    """After a week the invoice is booked all the same, where an auditor will look for it."""
    return "unclear"


@asset(partitioned_by=numbers)
def booking(invoice: dict[str, str | int], account: str) -> tuple[str, int]:
    """The account, and the cents that it is charged with."""
    return account, int(invoice["cents"])


@asset
def books(booking: dict[str, tuple[str, int]]) -> dict[str, int]:
    """What each account was charged with, of all invoices that are booked so far."""
    totals: dict[str, int] = {}
    for name, cents in booking.values():
        totals[name] = totals.get(name, 0) + cents
    return dict(sorted(totals.items()))


intake = Job("intake", select="+booking")
closing = Job("closing", select="books")  # reads what intake makes, so that each booking starts it


@sensor(job="intake", every="1m")
def arrivals(ctx: Context, inbox: Path) -> list[RunRequest]:
    """Asks for a run of each file. It may ask for all of them each time: a key never starts a second run."""
    found = sorted(path.stem for path in inbox.glob("*.json"))
    ctx.add_partitions(numbers, found)
    return [RunRequest(number, partition=number) for number in found]
