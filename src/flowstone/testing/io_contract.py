"""The contract of IO managers as tests. Derive a test class and say which manager it tries::

    class TestMyManager(IoContract):
        @pytest.fixture
        def manager_type(self):
            return MyManager

Stores that are no files override ``damage``, ``damage_record`` and ``leftovers`` (see ``flowstone.testing.io_faults``).
A test that the manager cannot pass is named in its ``gaps`` with the reason; it is then expected to fail.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowstone.dsl.partitions import escape
from flowstone.errors import DamagedError, NotMaterializedError, StorageError, UnsupportedTypeError
from flowstone.io.contract import IOManager
from flowstone.testing.io_actions import Task, dotted, record_of, slot_of, start, store
from flowstone.testing.io_faults import IoFaults
from flowstone.testing.io_samples import Sample, broken, kind_of, same

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


class IoContract(IoFaults):
    """Tests that every IO manager passes."""

    def test_there_are_samples(self, samples: list[Sample]) -> None:
        assert samples

    def test_nothing_stored_is_no_record(self, manager: IOManager) -> None:
        slot = slot_of(manager)
        assert manager.record(slot) is None
        assert list(manager.records(slot)) == []
        assert list(manager.partitions(slot)) == []
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
        known = {str(sample.type): sample for sample in self.accepted(type(manager))}
        for family in manager.traits.families:
            forms = [name for name in family if name in known]
            for stored in forms:
                store(manager, slot_of(manager), known[stored].make(1))
                for asked in forms:
                    _, loaded = manager.read(slot_of(manager), known[asked].type)
                    assert kind_of(loaded) == kind_of(known[asked].make(1)), (stored, asked)

    def test_a_stream_is_the_table_of_its_batches(self, manager: IOManager, streams: list[Sample]) -> None:
        for sample in streams:
            slot = slot_of(manager, asset=f"shop.{sample.name}")
            store(manager, slot, sample.make(1))
            _, first = manager.read(slot, sample.type)
            _, second = manager.read(slot, sample.type)
            for loaded in (second, first):  # each reader has the whole
                assert same(loaded, sample.make(1)), sample.name
            assert next(loaded, None) is None

    def test_readers_of_a_stream_keep_what_they_opened(self, manager: IOManager, streams: list[Sample]) -> None:
        for sample in streams:
            slot = slot_of(manager, asset=f"shop.{sample.name}")
            store(manager, slot, sample.make(1))
            _, opened = manager.read(slot, sample.type)
            store(manager, slot, sample.make(2))
            manager.delete(slot)
            assert same(opened, sample.make(1)), sample.name

    def test_a_staged_stream_can_be_looked_at(self, manager: IOManager, streams: list[Sample]) -> None:
        for sample in streams:
            slot = slot_of(manager, asset=f"shop.{sample.name}")
            staged = manager.stage(slot, sample.make(1))
            for _ in range(2):
                assert same(manager.load_staged(staged, sample.type), sample.make(1)), sample.name
            left = manager.load_staged(staged, sample.type)
            next(left)
            manager.publish(staged, record_of(staged))
            assert same(manager.read(slot, sample.type)[1], sample.make(1)), sample.name

    def test_a_stream_that_breaks_off_leaves_the_old_value(self, manager: IOManager, streams: list[Sample]) -> None:
        for sample in streams:
            slot = slot_of(manager, asset=f"shop.{sample.name}")
            record = store(manager, slot, sample.make(1))
            for error in (OSError(28, "the user's own"), KeyError("x"), KeyboardInterrupt()):
                with pytest.raises(type(error)) as caught:
                    store(manager, slot, broken(sample.make(2), error))
                assert caught.value is error
            assert manager.record(slot) == record
            assert same(manager.load(slot, record, sample.type), sample.make(1))
            with pytest.raises(UnsupportedTypeError, match=rf"shop\.{sample.name}"):
                store(manager, slot, iter([1]))
            with pytest.raises(UnsupportedTypeError, match=rf"shop\.{sample.name}"):
                store(manager, slot, iter([]))

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
        names = [sample.name for sample in samples]
        task = Task(dotted(manager), config, str(project_root), names, samples_from=self.samples_from)
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
        assert list(manager.partitions(slot_of(manager))) == sorted(keys)
        store(manager, slot_of(manager, asset="shop.alone"), sample.make(1))
        assert list(manager.partitions(slot_of(manager, "b", "shop.alone"))) == [None]

    def test_partitions_that_are_read_together_come_in_order(self, manager: IOManager, sample: Sample) -> None:
        slots = [slot_of(manager, key) for key in ("b", "a", "c")]
        values = [(slot, store(manager, slot, sample.make(number))) for number, slot in enumerate(slots)]
        found = manager.together(values, sample.type)
        for number, value in enumerate(found):
            assert same(value, sample.make(number))
        assert number == 2

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
