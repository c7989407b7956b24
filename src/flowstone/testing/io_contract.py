"""The contract of IO managers as tests. Derive a test class and say which manager it tries::

    class TestMyManager(IoContract):
        @pytest.fixture
        def manager_type(self):
            return MyManager

A test that the manager cannot pass is named in its ``gaps`` with the reason; it is then expected to fail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowstone.dsl.partitions import escape
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import IOManager
from flowstone.io.file_manager import RECORDS, FileManager
from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import CRASHED, Task, open_manager, record_of, slot_of, start, store
from flowstone.testing.io_samples import SAMPLES, Sample, accepted, same

HOSTILE = (
    "..",
    ".",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "",
    " ",
    "ß",
    "\0",
    "a\nb",
    "CON",
    "%2e%2e",
    "~",
    "'; --",
    "{partition}",
)
"""Static keys that try to leave their place."""


class IoContract:
    """Tests that every IO manager passes."""

    @pytest.fixture
    def manager_type(self) -> type[IOManager]:
        """The class under test."""
        raise NotImplementedError("override the fixture manager_type")

    @pytest.fixture
    def config(self) -> dict[str, Any]:
        """Its configuration, without ``type``."""
        return {}

    @pytest.fixture
    def project_root(self, tmp_path: Path) -> Path:
        """Folder of an empty project."""
        root = tmp_path / "project"
        root.mkdir()
        return root

    @pytest.fixture
    def manager(self, manager_type: type[IOManager], config: dict[str, Any], project_root: Path) -> IOManager:
        """A manager with an empty store."""
        return open_manager(manager_type, config, project_root)

    @pytest.fixture
    def samples(self, manager_type: type[IOManager], manager: IOManager) -> list[Sample]:
        """The samples that the manager takes."""
        return [sample for sample in accepted(manager_type) if not sample.optional or _takes(manager, sample)]

    @pytest.fixture
    def sample(self, samples: list[Sample]) -> Sample:
        """One of them."""
        return samples[0]

    @pytest.fixture(autouse=True)
    def _gap(self, request: pytest.FixtureRequest, manager_type: type[IOManager]) -> None:
        name = getattr(request.node, "originalname", request.node.name)
        if name in manager_type.gaps:
            request.applymarker(pytest.mark.xfail(reason=manager_type.gaps[name], strict=True))

    @pytest.fixture
    def durable(self, manager_type: type[IOManager]) -> None:
        """For tests that need other processes."""
        if not manager_type.traits.durable:
            pytest.skip("the manager keeps values in one process only")

    def test_there_are_samples(self, samples: list[Sample]) -> None:
        assert samples

    def test_nothing_stored_is_no_record(self, manager: IOManager) -> None:
        slot = slot_of(manager)
        assert manager.record(slot) is None
        assert list(manager.records(slot)) == []
        with pytest.raises(NotMaterializedError):
            manager.read(slot, None)

    def test_staged_value_is_invisible(self, manager: IOManager, sample: Sample) -> None:
        slot = slot_of(manager)
        staged = manager.stage(slot, sample.make(1))
        assert manager.record(slot) is None
        manager.publish(staged, record_of(staged))
        assert manager.record(slot) is not None

    def test_published_value_comes_back(self, manager: IOManager, samples: list[Sample]) -> None:
        for sample in samples:
            slot = slot_of(manager, asset=f"shop.{sample.name}")
            record = store(manager, slot, sample.make(1))
            assert manager.record(slot) == record
            assert manager.intact(slot, record)
            assert same(manager.load(slot, record, sample.type), sample.make(1)), sample.name
            if not sample.optional:
                assert same(manager.load(slot, record, None), sample.make(1)), sample.name

    def test_facts_of_the_content_are_json(self, manager: IOManager, samples: list[Sample]) -> None:
        for sample in samples:
            staged = manager.stage(slot_of(manager), sample.make(1))
            manager.discard(staged)
            assert json.loads(json.dumps(staged.metadata)) == staged.metadata
            assert staged.data_version.startswith("sha256:")
            assert len(staged.data_version) == len("sha256:") + 64

    def test_any_form_of_a_family_loads_as_any_other(self, manager: IOManager) -> None:
        known = {str(sample.type): sample for sample in accepted(type(manager))}
        for family in manager.traits.families:
            forms = [name for name in family if name in known]
            for stored in forms:
                store(manager, slot_of(manager), known[stored].make(1))
                for asked in forms:
                    _, loaded = manager.read(slot_of(manager), TypeExpr(name=asked))
                    assert type(loaded) is type(known[asked].make(1)), (stored, asked)

    def test_equal_values_have_equal_versions(self, manager: IOManager, samples: list[Sample]) -> None:
        for sample in samples:
            first = store(manager, slot_of(manager), sample.make(1))
            again = store(manager, slot_of(manager), sample.make(1))
            other = store(manager, slot_of(manager), sample.make(2))
            assert (first.data_version, first.size) == (again.data_version, again.size), sample.name
            assert first.data_version != other.data_version, sample.name

    def test_versions_do_not_depend_on_the_process(
        self, durable: None, manager: IOManager, project_root: Path, config: dict[str, Any], samples: list[Sample]
    ) -> None:
        task = Task(_dotted(manager), config, str(project_root), [sample.name for sample in samples])
        children = [start(task, PYTHONHASHSEED=seed) for seed in ("1", "2")]
        answers = [json.loads(child.communicate()[0]) for child in children]
        assert answers[0] == answers[1]
        assert set(answers[0]) == set(task.samples)

    def test_storing_again_replaces(self, manager: IOManager, sample: Sample) -> None:
        slot = slot_of(manager)
        for number in (1, 2, 2, 1):
            record = store(manager, slot, sample.make(number))
            assert list(manager.records(slot)) == [record]
            assert same(manager.read(slot, sample.type)[1], sample.make(number))

    def test_discarded_value_leaves_the_old_one(self, manager: IOManager, sample: Sample) -> None:
        slot = slot_of(manager)
        old = store(manager, slot, sample.make(1))
        staged = manager.stage(slot, sample.make(2))
        manager.discard(staged)
        manager.discard(staged)
        assert manager.record(slot) == old
        assert manager.intact(slot, old)
        assert same(manager.load(slot, old, sample.type), sample.make(1))

    def test_replaced_record_is_not_answered(self, manager: IOManager, sample: Sample) -> None:
        slot = slot_of(manager)
        old = store(manager, slot, sample.make(1))
        store(manager, slot, sample.make(2))
        with pytest.raises((DamagedError, NotMaterializedError)):
            manager.load(slot, old, sample.type)

    def test_partitions_and_assets_are_apart(self, manager: IOManager, sample: Sample) -> None:
        slots = [slot_of(manager, partition, asset) for asset in ("a", "a.b") for partition in ("x", "y", "_")]
        for number, slot in enumerate(slots):
            store(manager, slot, sample.make(number + 1))
        for number, slot in enumerate(slots):
            assert same(manager.read(slot, sample.type)[1], sample.make(number + 1))
        assert manager.delete(slots[0])
        assert [manager.record(slot) is None for slot in slots] == [True, False, False, False, False, False]

    def test_records_come_in_order(self, manager: IOManager, sample: Sample) -> None:
        keys = ["2024-01-10", "2024-01-02", "b", "B", "~C3~9F", "2023-12-31"]
        for key in keys:
            store(manager, slot_of(manager, key), sample.make(1))
        assert [record.partition for record in manager.records(slot_of(manager, "b"))] == sorted(keys)

    def test_any_key_can_be_a_partition(self, manager: IOManager, sample: Sample) -> None:
        keys = [*map(escape, HOSTILE[:5]), *map(escape, HOSTILE[6:]), "2024-01-01T05-0500", "x" * 200]
        for number, key in enumerate(keys):
            store(manager, slot_of(manager, key), sample.make(number))
        for number, key in enumerate(keys):
            assert same(manager.read(slot_of(manager, key), sample.type)[1], sample.make(number)), key
        assert [record.partition for record in manager.records(slot_of(manager))] == sorted(keys)

    def test_nothing_is_written_outside_the_project(
        self, manager: IOManager, sample: Sample, project_root: Path
    ) -> None:
        for text in HOSTILE:
            try:
                store(manager, slot_of(manager, text), sample.make(1))
            except StorageError:
                continue
        assert list(project_root.parent.iterdir()) == [project_root]

    def test_deleted_value_is_gone(self, manager: IOManager, sample: Sample) -> None:
        slot, other = slot_of(manager, "x"), slot_of(manager, "y")
        record = store(manager, slot, sample.make(1))
        store(manager, other, sample.make(2))
        assert manager.delete(slot)
        assert not manager.delete(slot)
        assert manager.record(slot) is None
        assert not manager.intact(slot, record)
        with pytest.raises(NotMaterializedError):
            manager.load(slot, record, None)
        assert [found.partition for found in manager.records(slot)] == ["y"]

    @pytest.mark.parametrize("damage", ["truncated", "flipped", "longer", "empty", "deleted", "swapped"])
    def test_damage_is_noticed_and_repaired(self, manager: IOManager, sample: Sample, damage: str) -> None:
        slot, other = slot_of(manager, "x"), slot_of(manager, "y")
        record = store(manager, slot, sample.make(1))
        store(manager, other, sample.make(2))
        self.damage(manager, damage)
        assert not manager.intact(slot, record)
        with pytest.raises((DamagedError, NotMaterializedError), match=r"shop\.orders\[x\]"):
            manager.load(slot, record, None)
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
            start(Task(_dotted(manager), config, str(project_root), [sample.name], "x", [n] * 20)) for n in (1, 2, 3)
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
        assert manager.steps
        for step in manager.steps:
            slot = slot_of(manager, step)
            store(manager, slot, sample.make(1))
            task = Task(_dotted(manager), config, str(project_root), [sample.name], step, [2], crash_at=step)
            child = start(task)
            child.communicate()
            assert child.returncode == CRASHED, step
            self.check_readers_view(manager, sample, step)
        for step in manager.steps:  # the next attempt, in another process, as after a crash
            again = open_manager(type(manager), config, project_root)
            store(again, slot_of(again, step), sample.make(2))
            assert same(manager.read(slot_of(manager, step), sample.type)[1], sample.make(2)), step
        assert self.leftovers(manager) == []

    def test_error_at_any_step_names_the_asset_and_keeps_the_old_value(
        self, manager: IOManager, sample: Sample, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for step in manager.steps:
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
            store(manager, slot, sample.make(1))
            assert manager.intact(slot, old)
        assert self.leftovers(manager) == []

    def check_readers_view(self, manager: IOManager, sample: Sample, step: str) -> None:
        """The old value, the new one or none: never another. The old one as long as nothing was renamed."""
        slot = slot_of(manager, step)
        try:
            _, value = manager.read(slot, sample.type)
        except (NotMaterializedError, DamagedError):
            assert step in ("data-renamed", "data-folder-synced"), step
            record = manager.record(slot)
            assert record is None or not manager.intact(slot, record)
            return
        assert same(value, sample.make(1)) or same(value, sample.make(2))
        if isinstance(manager, FileManager):
            assert same(value, sample.make(2 if step.startswith("record-") and "renamed" in step else 1)) or (
                step == "record-folder-synced" and same(value, sample.make(2))
            ), step

    def damage(self, manager: IOManager, how: str) -> None:
        """Damage the stored value of ``shop.orders[x]``. Override it for stores that are no files."""
        files = {path.stem: path for path in _data_files(manager)}
        target, other = files["x"], files["y"]
        data = target.read_bytes()
        middle = len(data) // 2
        if how == "deleted":
            target.unlink()
        else:
            target.write_bytes(
                {
                    "truncated": data[:-1],
                    "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                    "longer": data + b" ",
                    "empty": b"",
                    "swapped": other.read_bytes(),
                }[how]
            )

    def damage_record(self, manager: IOManager, content: bytes) -> None:
        """Overwrite the record of ``shop.orders[x]``. Override it for stores that are no files."""
        (found,) = _root(manager).glob(f"{RECORDS}/**/x.json")
        found.write_bytes(content)

    def leftovers(self, manager: IOManager) -> list[str]:
        """Names of what unfinished attempts left behind. Override it for stores that are no files."""
        if not isinstance(manager, FileManager):
            return []
        return [path.name for path in manager.root.rglob("*") if path.name.endswith(".tmp")]


def _takes(manager: IOManager, sample: Sample) -> bool:
    try:
        manager.discard(manager.stage(slot_of(manager), sample.make(1)))
    except StorageError:
        return False
    return True


def _dotted(manager: IOManager) -> str:
    return f"{type(manager).__module__}:{type(manager).__qualname__}"


def _fail_at(step: str) -> Any:
    def reached(reached_step: str) -> None:
        if reached_step == step:
            raise OSError(28, "No space left on device")

    return reached


def _root(manager: IOManager) -> Path:
    if not isinstance(manager, FileManager):
        pytest.skip("the suite does not know how to damage what this manager stores")
    return manager.root


def _data_files(manager: IOManager) -> Iterator[Path]:
    root = _root(manager)
    for path in root.rglob("*"):
        if path.is_file() and RECORDS not in path.relative_to(root).parts:
            yield path


__all__ = ["HOSTILE", "SAMPLES", "IoContract"]
