"""Flows whose partition keys are in registries."""

from __future__ import annotations

import os

import pytest

from flowstone.dsl.dynamic_partitions import dynamic_key
from flowstone.runtime.registry import Registry
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

SHOP = """
customers = DynamicPartitions("customers")
days = DailyPartitions("2024-01-01")

@asset
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions(customers, ["acme", "globex corp"])
    return ["acme", "globex corp"]

@asset(partitioned_by=customers, depends_on=["signed"])
def orders(ctx: Context) -> str:
    return ctx.partition.key

@asset
def report(orders: dict[str, str]) -> list[str]:
    return sorted(orders)

@asset(partitioned_by=MultiPartitions(day=days, customer=customers))
def visits(orders: str) -> str:
    return orders

shop = Job("shop", select="signed orders report")
visiting = Job("visiting", select="visits")
"""


@pytest.fixture
def project(compile_project):
    return compile_project(SHOP)


def test_a_run_makes_the_keys_that_the_registry_has_when_it_begins(project):
    first = project.run("shop")
    assert first.is_completed()
    assert first.message.startswith("1 Completed; the registry 'customers' has no keys; flowstone partitions add")
    assert project.run("shop").message == "1 Cached, 3 Completed"
    assert project.value("report") == ["acme", "globex corp"]
    registry = Registry(Workspace(project.project, project.root, os.environ), "customers")
    registry.remove([dynamic_key("acme")])
    registry.add([dynamic_key("initech")], Run("test", "local"))
    assert project.run("shop", dynamic="initech").message == "1 Cached, 2 Completed"
    assert project.value("report") == ["globex corp", "initech"]
    unknown = project.run("shop", dynamic="acme")
    assert unknown.is_failed()
    assert "no key 'acme'; to add it: flowstone partitions add customers acme" in unknown.message


def test_a_registry_is_a_dimension(project):
    project.run("shop")
    project.run("shop")
    assert project.run("visiting", daily="2024-01-02").message == "2 Completed"
    assert project.run("visiting", daily="2024-01-03", dynamic="globex corp").message == "1 Completed"
    assert project.value("visits", "globex~20corp.2024-01-03") == "globex corp"
    assert project.record("visits", "acme.2024-01-03") is None
