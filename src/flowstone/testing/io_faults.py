"""The part of the IO managers' contract that is about damage, crashes, errors and writers at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import IOManager, Staged
from flowstone.io.file_manager import FileManager
from flowstone.io.store import RECORDS
from flowstone.testing.io_actions import CRASHED, open_manager, record_of, slot_of, start, store
from flowstone.testing.io_fixtures import IoFixtures
from flowstone.testing.io_samples import Sample, same

VISIBLE = {
    "data-renamed": 2,
    "record-renamed": 2,
    "data-folder-synced": 2,
    "record-folder-synced": 2,
    "record-put": 2,
    "old-removed": 2,
}
"""Which value a reader of a file store finds after an attempt to replace 1 by 2 ended at a step; before them 1."""


class IoFaults(IoFixtures):
    """Tests of what happens when something goes wrong."""

    @pytest.mark.parametrize("damage", ["truncated", "flipped", "longer", "empty", "deleted", "swapped"])
    def test_damage_is_noticed_and_repaired(self, manager: IOManager, sample: Sample, damage: str) -> None:
        slot, other = slot_of(manager, "x"), slot_of(manager, "y")
        record = store(manager, slot, sample.make(1))
        kept = store(manager, other, sample.make(2))
        self.damage(manager, damage)
        assert not manager.intact(slot, record)
        for look in (manager.verify, lambda slot, record: manager.load(slot, record, None)):
            with pytest.raises((DamagedError, NotMaterializedError), match=r"shop\.orders\[x\]"):
                look(slot, record)
        manager.verify(other, kept)
        again = store(manager, slot, sample.make(1))
        assert again.data_version == record.data_version
        assert same(manager.read(slot, sample.type)[1], sample.make(1))

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"asset": "shop.orders"}', b"\xff"])
    def test_damaged_record_is_noticed_and_repaired(self, manager: IOManager, sample: Sample, content: bytes) -> None:
        slot = slot_of(manager, "x")
        store(manager, slot, sample.make(1))
        self.damage_record(manager, content)
        with pytest.raises(DamagedError):
            manager.record(slot)
        assert list(manager.partitions(slot)) == ["x"]
        record = store(manager, slot, sample.make(1))
        assert manager.record(slot) == record
        self.damage_record(manager, content)
        assert manager.delete(slot)
        assert manager.record(slot) is None

    def test_threads_never_mix(self, manager: IOManager, sample: Sample) -> None:
        slot = slot_of(manager, "x")
        versions = {store(manager, slot, sample.make(n)).data_version: n for n in range(1, 5)}
        threads = [
            threading.Thread(target=lambda n=n: [store(manager, slot, sample.make(n)) for _ in range(10)])
            for n in range(1, 5)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            record, value = manager.read(slot, sample.type)
            assert same(value, sample.make(versions[record.data_version]))
        for thread in threads:
            thread.join()
        record, value = manager.read(slot, sample.type)
        assert same(value, sample.make(versions[record.data_version]))

    def test_processes_never_mix(
        self, durable: None, manager: IOManager, sample: Sample, project_root: Path, config: dict[str, Any]
    ) -> None:
        slot = slot_of(manager, "x")
        versions = {store(manager, slot, sample.make(n)).data_version: n for n in (1, 2, 3)}
        children = [
            start(self.task(manager, config, project_root, sample, partition="x", numbers=[n] * 20)) for n in (1, 2, 3)
        ]
        while any(child.poll() is None for child in children):
            record, value = manager.read(slot, sample.type)
            assert same(value, sample.make(versions[record.data_version]))
        assert [child.communicate() and child.returncode for child in children] == [0, 0, 0]
        record, value = manager.read(slot, sample.type)
        assert same(value, sample.make(versions[record.data_version]))

    def test_crash_at_any_step_leaves_a_value_that_is_whole(
        self, durable: None, manager: IOManager, sample: Sample, project_root: Path, config: dict[str, Any]
    ) -> None:
        steps = self.steps_of(manager)
        assert steps
        for step in steps:
            slot = slot_of(manager, step)
            store(manager, slot, sample.make(1))
            task = self.task(manager, config, project_root, sample, partition=step, numbers=[2], crash_at=step)
            child = start(task)
            child.communicate()
            assert child.returncode == CRASHED, step
            self.check_readers_view(manager, sample, step)
        staged = manager.stage(slot_of(manager, "other"), sample.make(1))
        manager.clean()
        assert self.leftovers(manager) == self.leftovers_of(staged)
        manager.publish(staged, record_of(staged))
        for step in steps:  # the next attempt, in another process, as after a crash
            again = open_manager(type(manager), config, project_root)
            store(again, slot_of(again, step), sample.make(2))
            assert same(manager.read(slot_of(manager, step), sample.type)[1], sample.make(2)), step
        assert self.leftovers(manager) == []

    def test_error_at_any_step_names_the_asset_and_keeps_the_old_value(
        self, manager: IOManager, sample: Sample, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for step in self.steps_of(manager):
            slot = slot_of(manager, step)
            old = store(manager, slot, sample.make(1))
            with monkeypatch.context() as patch:
                patch.setattr(manager, "reached", _fail_at(step))
                with pytest.raises((StorageError, OSError)) as caught:
                    store(manager, slot, sample.make(2))
            if isinstance(manager, FileManager):
                assert isinstance(caught.value, StorageError)
                assert f"shop.orders[{step}]" in str(caught.value)
                assert "ENOSPC" in str(caught.value)
            self.check_readers_view(manager, sample, step)
            again = store(manager, slot, sample.make(1))
            assert again.data_version == old.data_version
            assert manager.intact(slot, again)
        assert self.leftovers(manager) == []

    def check_readers_view(self, manager: IOManager, sample: Sample, step: str) -> None:
        """A reader finds the old value, the new one or none, never another; of a file store it is known which."""
        slot = slot_of(manager, step)
        found: int | None = None
        try:
            _, value = manager.read(slot, sample.type)
        except (NotMaterializedError, DamagedError):
            record = manager.record(slot)
            assert record is None or not manager.intact(slot, record), step
        else:
            found = 1 if same(value, sample.make(1)) else 2
            assert same(value, sample.make(found)), step
        if isinstance(manager, FileManager):
            assert found == VISIBLE.get(step, 1), step

    def damage(self, manager: IOManager, how: str) -> None:
        """Damage the stored value of ``shop.orders[x]``; for ``swapped`` put that of ``[y]`` in its place."""
        root = _root(manager)
        files = [path for path in root.rglob("*") if path.is_file() and RECORDS not in path.relative_to(root).parts]
        target, other = (next(path for path in files if path.stem == key) for key in ("x", "y"))
        if how == "swapped":
            target.write_bytes(other.read_bytes())
        elif how == "deleted":
            target.unlink()
        else:
            target.write_bytes(_DAMAGES[how](target.read_bytes()))

    def damage_record(self, manager: IOManager, content: bytes) -> None:
        """Overwrite the record of ``shop.orders[x]``."""
        (found,) = _root(manager).glob(f"{RECORDS}/**/x.json")
        found.write_bytes(content)

    def steps_of(self, manager: IOManager) -> tuple[str, ...]:
        """The steps at which attempts are made to fail."""
        return manager.steps

    def leftovers_of(self, staged: Staged) -> list[str]:
        """What ``leftovers`` says of a value that a living process has staged."""
        return [staged.handle[0].path.name] if isinstance(staged.handle, tuple) else []

    def leftovers(self, manager: IOManager) -> list[str]:
        """Names of what unfinished attempts left behind."""
        return [path.name for path in _root(manager).rglob("*") if path.suffix in (".tmp", ".next")]


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[:-1],
    "flipped": _flip,
    "longer": lambda data: data + b" ",
    "empty": lambda _: b"",
}


def _fail_at(step: str) -> Callable[[str], None]:
    def reached(reached_step: str) -> None:
        if reached_step == step:
            raise OSError(28, "No space left on device")

    return reached


def _root(manager: IOManager) -> Path:
    if not manager.traits.durable:
        pytest.skip("what lies in the memory of a process cannot be damaged from outside")
    if not isinstance(manager, FileManager):
        raise NotImplementedError("override damage, damage_record and leftovers for a store that is no FileManager")
    assert isinstance(manager.root, Path)
    return manager.root
