"""Sixteen processes store into one place at once: what is read is always whole, and that of its record."""

import sys

import pytest

from flowstone.errors import NotMaterializedError
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.parquet import ParquetManager
from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_actions import dotted, open_manager, slot_of
from tests.robustness.soak import SOAK
from tests.stores.zygote import KINDS, make, number_of

WRITERS = 16
ROUNDS = 100 if SOAK else 4


def race(zygote, manager_type, config, root):
    """Let all write and read meanwhile; every value that is read is whole, and its version that of its record."""
    manager = open_manager(manager_type, config, root)
    kind, slot = KINDS[manager_type], slot_of(manager, "x")
    manager.discard(manager.stage(slot, make(kind, 0)))  # what it imports takes this reader longer than the whole race
    told = root / "told"
    told.touch()
    writers = [
        zygote.start(
            manager=dotted(manager),
            config=config,
            root=str(root),
            kind=kind,
            told=str(told),
            key="x",
            numbers=[writer * 1000 + number for number in range(ROUNDS)],
        )
        for writer in range(WRITERS)
    ]
    versions, seen = {}, set()
    while not zygote.ended(writers):
        try:
            record, value = manager.read(slot, None)
        except NotMaterializedError:
            assert not seen
            continue
        number = number_of(kind, value)
        seen.add(number)
        assert versions.setdefault(number, record.data_version) == record.data_version
    assert [zygote.wait(pid) for pid in writers] == [0] * WRITERS
    record, value = manager.read(slot, None)
    number = number_of(kind, value)
    assert number % 1000 == ROUNDS - 1
    assert len(seen) > 1
    staged = manager.stage(slot, make(kind, number))
    manager.discard(staged)
    assert staged.data_version == record.data_version
    manager.verify(slot, record)
    sys.stdout.write(f"{manager_type.__name__}: {WRITERS} writers, {ROUNDS} rounds, {len(seen)} values were seen\n")


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager, DuckdbManager])
def test_on_disk(zygote, manager_type, tmp_path):
    race(zygote, manager_type, {}, tmp_path)


def test_in_postgres(zygote, postgres_server, tmp_path):
    race(zygote, PostgresManager, {"dsn": postgres_server, "schema": "race"}, tmp_path)


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager])
def test_in_an_object_store(zygote, objects, manager_type, tmp_path):
    root = f"{objects.url}/race-{manager_type.__name__}"
    race(zygote, manager_type, {"root": root, "storage_options": objects.options}, tmp_path)


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager])
def test_by_fsspec(zygote, remote, manager_type, tmp_path):
    root = f"{remote.url}/race-{manager_type.__name__}"
    race(zygote, manager_type, {"root": root, "storage_options": remote.options}, tmp_path)
    names = [name for name in remote.names(f"race-{manager_type.__name__}") if "/schemas/" not in name]
    assert len(names) == 2
