"""The contract suite finds managers that break the contract."""

import json
import re
import subprocess
import sys

import pytest

from flowstone.errors import StorageError
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.memory import MemoryManager
from flowstone.testing.io_actions import open_manager
from flowstone.testing.io_contract import IoContract
from flowstone.testing.io_samples import SAMPLES, accepted, same

INT = next(sample for sample in SAMPLES if sample.name == "int")


class Eager(MemoryManager):
    """Shows a value before it is published."""

    def stage(self, slot, value):
        staged = super().stage(slot, value)
        self._stored.setdefault(slot.asset, {})[slot.partition] = (None, value)
        return staged

    def record(self, slot):
        return "something" if self._find(slot) else None


class Trusting(FilesystemManager):
    """Does not look whether the content is that of the record."""

    def intact(self, slot, record):
        return True

    def load(self, slot, record, type):
        return json.loads((self.root / self._stored(slot, record)).read_bytes())


class Forgetful(FilesystemManager):
    """Mixes up the partitions."""

    def _place(self, slot, extension):
        return f"{slot.asset}{extension}"


class Careless(FilesystemManager):
    """Writes in place."""

    def prepare(self, slot, value):
        content = super().prepare(slot, value)
        target = self.root / self._place(slot, content.extension)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("half")
        return content


def breaks(test, manager_type, tmp_path, *arguments):
    manager = open_manager(manager_type, {}, tmp_path)
    with pytest.raises((AssertionError, pytest.fail.Exception, StorageError, ValueError)):
        getattr(IoContract(), test)(manager, INT, *arguments)


def test_a_value_that_shows_too_early_is_found(tmp_path):
    breaks("test_staged_value_is_invisible", Eager, tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "swapped"])
def test_a_reader_that_trusts_is_found(tmp_path, damage):
    breaks("test_damage_is_noticed_and_repaired", Trusting, tmp_path, damage)


def test_shared_places_are_found(tmp_path):
    breaks("test_partitions_and_assets_are_apart", Forgetful, tmp_path)


def test_writing_in_place_is_found(tmp_path):
    breaks("test_discarded_value_leaves_the_old_one", Careless, tmp_path)


def test_samples_are_chosen_by_what_the_manager_takes():
    names = {sample.name for sample in accepted(FilesystemManager)}
    assert {"int", "text", "bytes", "dataclass"} <= names
    assert not names & {"polars", "pandas", "arrow"}
    assert len(accepted(MemoryManager)) >= len(names)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_equal_by_number_only(sample):
    if sample.package:
        pytest.importorskip(sample.package)
    assert same(sample.make(1), sample.make(1))
    assert not same(sample.make(1), sample.make(2))


SUITE = """
import pytest
from flowstone.io.memory import MemoryManager
from flowstone.testing.io_contract import IoContract

class Once(MemoryManager):
    gaps = {"test_nothing_stored_is_no_record": "it always has a record"}

    def record(self, slot):
        return super().record(slot) or BROKEN

BROKEN = __BROKEN__

class TestOnce(IoContract):
    @pytest.fixture
    def manager_type(self):
        return Once
"""


@pytest.mark.parametrize(("broken", "outcome"), [("1", "1 xfailed"), ("None", "1 failed")])
def test_declared_gaps_are_expected_to_fail_and_reported_once_they_do_not(tmp_path, broken, outcome):
    (tmp_path / "test_once.py").write_text(SUITE.replace("__BROKEN__", broken))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "nothing_stored", str(tmp_path)]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert re.search(outcome, answer.stdout), answer.stdout
