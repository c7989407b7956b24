"""DAGs whose partition keys are in registries: what tells the keys, and what is refused."""

from __future__ import annotations

import pytest

SHOP = """
customers = DynamicPartitions("customers")

@asset(cache=False)
def signed(ctx: Context) -> list[str]:
    path = HERE / "signed"
    names = path.read_text().splitlines() if path.exists() else ["acme", "globex corp"]
    ctx.add_partitions(customers, names)
    return names

@asset(partitioned_by=customers, depends_on=["signed"])
def orders(ctx: Context) -> str:
    note(ctx.partition.key)
    return ctx.partition.key

@asset(partitioned_by=customers)
def bill(orders: str) -> str:
    return f"bill of {orders}"

@asset
def report(bill: dict[str, str]) -> list[str]:
    return sorted(bill)

job = Job("job", select="*"{schedule})
"""


@pytest.mark.parametrize("schedule", ["", ', schedule=Cron("0 6 * * *", timezone="UTC")'])
def test_a_run_of_what_has_no_partitions_tells_all_keys(compile_project, schedule):
    project = compile_project(SHOP.replace("{schedule}", schedule))
    project.run("job")
    if schedule:
        project.run("job", "dynamic__keys")
    keys = ["acme", "globex~20corp"]
    assert project.states("job", "dynamic") == {(task, key): "success" for task in ("orders", "bill") for key in keys}
    assert project.value("report") == ["acme", "globex corp"]
    if schedule:
        return
    (project.root / "signed").write_text("acme\ninitech\n")
    project.remove("customers", "acme", "globex corp")
    project.run("job")
    assert project.value("bill", "initech") == "bill of initech"
    assert project.value("report") == ["acme", "initech"]
    assert sorted(project.notes()) == ["acme", "acme", "globex corp", "initech"]  # what acme reads has changed


def test_a_key_is_looked_up_in_the_registry(compile_project):
    project = compile_project(SHOP.replace("{schedule}", ', schedule=Every("1h")'))
    project.run("job")
    project.run("job", "dynamic", "acme", "nobody")
    assert project.states("job", "dynamic")["orders", "acme"] == "success"
    assert project.states("job", "dynamic")["orders", "nobody"] == "failed"
    assert "no key 'nobody'; to add it: flowstone partitions add customers nobody" in project.world.errors[0]


def test_an_empty_registry_is_told(compile_project):
    project = compile_project(SHOP.replace("{schedule}", ', schedule=Cron("0 6 * * *", timezone="UTC")'))
    project.run("job", "dynamic__keys")
    assert "skipped" in project.states("job", "dynamic__keys").values()
    assert project.world.runs(project.id("job", "dynamic")) == []


OTHERS = """
customers = DynamicPartitions("customers")
days = DailyPartitions("2024-01-01")
visits_of = MultiPartitions(day=days, customer=customers)

@asset(cache=False)
def signed() -> int:
    return 1

@asset(partitioned_by=customers)
def orders(ctx: Context) -> str:
    return ctx.partition.key

@asset(partitioned_by=customers)
def mails(orders: str) -> str:
    return f"mail to {orders}"

@asset(partitioned_by=visits_of)
def visits(ctx: Context) -> str:
    return ctx.partition.key

@asset(partitioned_by=days)
def of_day(visits: dict[str, str]) -> list[str]:
    return list(visits)

@asset(partitioned_by=customers)
def of_customer(visits: dict[str, str]) -> list[str]:
    return list(visits)

signing = Job("signing", select="signed")
ordering = Job("ordering", select="orders", schedule=OnUpdate("signed"))
mailing = Job("mailing", select="mails")
visiting = Job("visiting", select="visits of_day of_customer", schedule=Cron("0 6 * * *", timezone="UTC"))
"""


def test_updates_tell_all_keys_and_events_their_own(compile_project):
    project = compile_project(OTHERS)
    project.add("customers", "acme", "globex")
    project.run("signing")
    assert project.value("mails", "globex") == "mail to globex"
    assert project.states("mailing", "dynamic") == {("mails", "acme"): "success", ("mails", "globex"): "success"}


def test_a_registry_is_a_dimension(compile_project):
    project = compile_project(OTHERS)
    project.add("customers", "acme", "globex")
    project.run("visiting", "multi__keys", "2024-01-01")
    assert project.value("of_day", "2024-01-01") == ["acme", "globex"]
    project.run("visiting", "multi", "acme.2024-01-02")
    assert project.value("of_customer", "acme") == ["2024-01-01", "2024-01-02"]
    project.run("visiting", "multi", "nobody.2024-01-02")
    assert project.states("visiting", "multi")["visits", "nobody.2024-01-02"] == "failed"
