"""Writers are killed at random moments and at every step: what is stored is whole, and the next attempt repairs it."""

import os
import random
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import obstore
import pytest

from flowstone.errors import DamagedError, NotMaterializedError
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.file_manager import FileManager
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.parquet import ParquetManager
from flowstone.io.postgres import PostgresManager
from flowstone.io.store import RECORDS
from flowstone.testing.io_actions import dotted, open_manager, slot_of, store
from tests.robustness.soak import SOAK
from tests.stores.zygote import KEYS, KINDS, key_of, make, number_of

KILLS = 500 if SOAK else None
KILLS_OF_SERVERS = 200 if SOAK else None
"""None for each step once, and as many at random moments."""
LONGEST_WAIT = 60


class Murders:
    """One store, its writers, and what is known to have been stored."""

    def __init__(self, zygote, manager_type, config, root, seed):
        self.zygote = zygote
        self.type, self.config, self.root = manager_type, config, root
        self.kind = KINDS[manager_type]
        self.manager = open_manager(manager_type, config, root)
        self.in_a_folder = isinstance(self.manager, FileManager) and isinstance(self.manager.root, Path)
        self.told = root / "told"
        self.told.touch()
        self.random = random.Random(seed)
        self.next = 1

    def kill_all(self, kills):
        """Kill that many writers, or as many as there are steps and as many again at random moments."""
        count = kills or 2 * len(self.manager.steps)
        for turn in range(count):
            self.kill(turn)
        name = type(self.manager).__name__
        sys.stdout.write(f"{name}: {count} kills, {self.next - 1} values\n")

    def kill(self, turn):
        """Start a writer, kill it, look at what is there, and let the next attempt repair it."""
        steps = self.manager.steps
        step = steps[turn // 2 % len(steps)] if turn % 2 else None
        pid = self.zygote.start(
            manager=dotted(self.manager),
            config=self.config,
            root=str(self.root),
            kind=self.kind,
            told=str(self.told),
            numbers=list(range(self.next, self.next + 10_000)),
            step=step,
            after=self.random.randrange(4),
        )
        if step is None:
            self._wait_for(self.random.randrange(4))
            time.sleep(self.random.random() * 0.02)  # any moment is one that must do
            os.kill(pid, signal.SIGKILL)
        assert self.zygote.wait(pid) == -signal.SIGKILL, step
        self._judge(step)
        if self.in_a_folder:
            self.manager.clean()
            assert [path for path in self.manager.root.rglob("*") if path.suffix in (".tmp", ".next")] == []

    def _wait_for(self, count):
        before = len(self._stored())
        deadline = time.monotonic() + LONGEST_WAIT
        while len(self._stored()) < before + count:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def _stored(self):
        return [int(line) for line in self.told.read_text().split()]

    def _judge(self, step):
        stored = self._stored()
        flying = max(stored, default=0) + 1
        for key in KEYS:
            allowed = {max((number for number in stored if key_of(number) == key), default=None)}
            allowed |= {flying} if key_of(flying) == key else set()
            assert self._found(key) in allowed, (step, key)
        again = open_manager(self.type, self.config, self.root)
        store(again, slot_of(again, key_of(flying)), make(self.kind, flying))
        assert self._found(key_of(flying)) == flying
        self.told.write_text("\n".join(map(str, [*stored, flying, ""])))
        self.next = flying + 1

    def _found(self, key):
        """The number of the value that a reader finds; None if it finds none."""
        slot = slot_of(self.manager, key)
        try:
            record, value = self.manager.read(slot, None)
        except (NotMaterializedError, DamagedError):
            record = self.manager.record(slot)
            assert record is None or not self.manager.intact(slot, record)
            return None
        assert self.manager.intact(slot, record)
        self.manager.verify(slot, record)
        return number_of(self.kind, value)


def left(manager_type):
    """How many files there are: values, their records, and for tables the note of their columns."""
    return 2 * len(KEYS) + (manager_type is ParquetManager)


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager])
def test_in_a_folder(zygote, manager_type, tmp_path):
    murders = Murders(zygote, manager_type, {}, tmp_path, 5)
    murders.kill_all(KILLS)
    files = [path for path in murders.manager.root.rglob("*") if path.is_file()]
    assert len(files) == left(manager_type)


def test_in_a_duckdb_file(zygote, tmp_path):
    murders = Murders(zygote, DuckdbManager, {}, tmp_path, 6)
    murders.kill_all(KILLS_OF_SERVERS)


def test_in_postgres(zygote, postgres_server, tmp_path):
    murders = Murders(zygote, PostgresManager, {"dsn": postgres_server, "schema": "kills"}, tmp_path, 7)
    murders.kill_all(KILLS_OF_SERVERS)


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager])
def test_in_an_object_store(zygote, objects, manager_type, tmp_path, monkeypatch):
    prefix = f"kills-{manager_type.__name__}"
    config = {"root": f"{objects.url}/{prefix}", "storage_options": objects.options}
    murders = Murders(zygote, manager_type, config, tmp_path, 8)
    murders.kill_all(KILLS_OF_SERVERS)
    bucket = objects.client()
    before = names(bucket, prefix)
    monkeypatch.setattr("flowstone.io.object_store.datetime", Tomorrow)
    assert murders.manager.clean() == len(before) - left(manager_type)
    after = names(bucket, prefix)
    assert len([name for name in after if RECORDS not in name]) == len(KEYS)
    assert len(after) == left(manager_type)
    for key in KEYS:
        assert murders.manager.read(slot_of(murders.manager, key), None)


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager])
def test_by_fsspec(zygote, remote, manager_type, tmp_path, monkeypatch):
    prefix = f"kills-{manager_type.__name__}"
    config = {"root": f"{remote.url}/{prefix}", "storage_options": remote.options}
    murders = Murders(zygote, manager_type, config, tmp_path, 9)
    murders.kill_all(KILLS_OF_SERVERS)
    before = remote.names(prefix)
    monkeypatch.setattr("flowstone.io.fsspec_store.datetime", Tomorrow)
    assert murders.manager.clean() == len(before) - left(manager_type)
    after = remote.names(prefix)
    assert len([name for name in after if RECORDS not in name]) == len(KEYS)
    assert len(after) == left(manager_type)
    for key in KEYS:
        assert murders.manager.read(slot_of(murders.manager, key), None)


class Tomorrow(datetime):
    """A clock by which what has been left is old."""

    @classmethod
    def now(cls, zone=None):
        return datetime.now(zone) + timedelta(days=1, hours=1)


def names(bucket, prefix):
    return [item["path"] for page in obstore.list(bucket, prefix) for item in page]
