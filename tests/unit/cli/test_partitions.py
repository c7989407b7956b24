"""Keys of dynamic partitions on the command line."""

import json

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli
from flowstone.errors import StorageError
from flowstone.runtime.registry import Registry

TEXT = """
from flowstone import Context, DailyPartitions, DynamicPartitions, MultiPartitions, asset

customers = DynamicPartitions("customers")
days = DailyPartitions("2024-01-01", end="2024-01-03")

@asset(partitioned_by=customers)
def orders(ctx: Context) -> str:
    if ctx.partition.key == "broken":
        raise ValueError("broken")
    return ctx.partition.key

@asset
def report(orders: dict[str, str]) -> list[str]:
    return list(orders)

@asset(partitioned_by=MultiPartitions(customer=customers, day=days))
def visits() -> int:
    return 1
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.fixture
def partitions(project):
    """Calls a command of the group, and demands its exit code."""

    def partitions(command, *arguments, code=0):
        result = CliRunner().invoke(cli, ["partitions", command, "-C", str(project), *arguments])
        assert result.exit_code == code, result.output
        return result

    return partitions


def test_keys_are_added_listed_and_removed(partitions):
    assert partitions("list").stdout == "customers  0 keys: orders, visits\n"
    assert partitions("add", "customers", "acme", "globex corp", "acme").stdout.splitlines() == [
        "acme",
        "globex~20corp  globex corp",
    ]
    again = partitions("add", "customers", "globex~20corp", "initech")
    assert again.stdout == "initech\n"
    assert again.stderr == "1 of 2 were there already\n"
    found = json.loads(partitions("list", "customers", "--output-format", "json").stdout)
    assert found[1] == {"key": "globex corp", "text": "globex~20corp"}
    removed = partitions("remove", "customers", "acme", "acne", code=1)
    assert removed.stdout == "acme\n"
    assert removed.stderr == "the registry 'customers' has no key 'acne'; did you mean 'acme'?\n"
    assert json.loads(partitions("list", "--output-format", "json").stdout) == [
        {"registry": "customers", "keys": 2, "assets": ["orders", "visits"]}
    ]


def test_each_key_has_one_line(partitions):
    assert partitions("add", "customers", "a\nb").stdout == partitions("list", "customers").stdout == "a~0Ab  a\\nb\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "custmers"], "did you mean 'customers'?"),
        (["add", "customers", ""], "a key cannot be empty"),
        (["add", "customers", "acme", "ACME"], "only by case"),
        (["add", "customers", "x" * 190], "at most 179"),
        (["add", "customers"], "Missing argument 'KEYS...'"),
    ],
)
def test_what_cannot_be_done(partitions, arguments, told):
    assert told in partitions(*arguments, code=2).stderr
    assert partitions("list", "customers").stdout == ""


def test_keys_in_memory_are_not_added(partitions, project):
    path = project / "flowstone.toml"
    path.write_text(f'partitions_io_manager = "m"\n{path.read_text()}[io_managers.m]\ntype = "memory"\n')
    assert "FS411" in partitions("add", "customers", "acme", code=1).stderr


def test_an_empty_registry_is_told(call):
    told = call("run", "orders", code=2)
    assert (
        "orders: the registry 'customers' has no keys; flowstone partitions add customers KEY adds one" in told.stderr
    )
    told = call("run", "visits", "--partition", "2024-01-01", code=2)
    assert "visits: the registry 'customers' has no keys" in told.stderr


def test_a_run_makes_all_keys_or_those_that_are_asked_for(call, partitions):
    partitions("add", "customers", "acme", "globex", "initech")
    unknown = call("run", "orders", "--partition", "acne", code=2)
    assert "no key 'acne'; to add it: flowstone partitions add customers acne; did you mean 'acme'?" in unknown.stderr
    assert "acme orders  materialized" in call("run", "orders", "--partition", "acme").stderr
    ran = call("run", "+report")
    states = {line.rsplit(maxsplit=3)[0]: line.rsplit(maxsplit=3)[1] for line in ran.stderr.splitlines()}
    assert states == {
        "acme orders": "reused",
        "globex orders": "materialized",
        "initech orders": "materialized",
        "report": "materialized",
    }
    assert json.loads(call("status", "orders", "--output-format", "json").stdout)[2]["partition"] == "initech"


def test_keys_that_a_run_adds_are_told(call, project):
    path = next(project.glob("cli_*.py"))
    path.write_text(
        f"""{path.read_text()}
@asset
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions("customers", ["acme", "globex"])
    return ["acme", "globex"]

@asset(partitioned_by=customers)
def bills(signed: list[str]) -> int:
    return len(signed)
"""
    )
    told = "the registry 'customers' has 2 new keys: a new run makes the partitions\n"
    assert call("run", "signed").stderr.endswith(told)
    assert "new key" not in call("run", "signed", "orders").stderr


def test_backfills_and_maps_go_by_the_registry(call, partitions):
    partitions("add", "customers", "acme", "broken")
    call("backfill", "orders", code=1)
    assert "  acme  #x\n" in call("status", "orders", "--map").stdout
    partitions("add", "customers", "zzz")
    assert "2 run" in call("backfill", "orders", "--missing", "--dry-run").stdout.splitlines()[-1]
    assert "zzz" in call("backfill", "visits", "--dry-run").stdout
    partitions("remove", "customers", "broken", "zzz")
    call("backfill", "orders")
    partitions("remove", "customers", "acme")
    foreign = call("status", "orders").stdout
    assert "orders[acme]: foreign (the registry 'customers' has no key 'acme'" in foreign
    assert call("invalidate", "orders", "--partition", "acme", "--yes").stdout == "orders[acme]\n"


def test_registries_that_a_run_does_not_need_are_not_read(call, project, monkeypatch):
    path = next(project.glob("cli_*.py"))
    path.write_text(f"{path.read_text()}\n@asset\ndef alone() -> int:\n    return 1\n")

    def unreachable(self):
        raise StorageError("the store is away")

    monkeypatch.setattr(Registry, "keys", unreachable)
    call("run", "alone")
    assert "the store is away" in call("run", "orders", code=1).stderr
    assert "the store is away" in call("status", "report", code=1).stderr
