"""Tables in folders by the values of a column pass the contract suite, and lie in object stores as on disk."""

from itertools import count

import pytest

from flowstone.errors import StorageError
from flowstone.io.contract import Slot
from flowstone.io.parquet import ParquetManager, ParquetOptions
from flowstone.testing import io_samples
from flowstone.testing.io_actions import open_manager, store
from flowstone.testing.io_contract import IoContract

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

_NUMBERS = count()
SAMPLES = (
    *(sample for sample in io_samples.SAMPLES if sample.package not in (None, "pandas")),
    io_samples.Sample(
        "pandas",
        io_samples._expr("pandas.DataFrame"),
        lambda number: pd.DataFrame({"n": [number, 2, 3], "text": ["", "x", "ß\n"]}),
        "pandas",
    ),
)
"""Those whose rows lie in the order of ``text`` already."""


class HiveOptions(ParquetOptions):
    partition_by: tuple[str, ...] = ("text",)


class HiveManager(ParquetManager):
    AssetOptions = HiveOptions


class TestFolders(IoContract):
    samples_from = f"{__name__}:SAMPLES"
    test_crash_at_any_step_leaves_a_value_that_is_whole = None  # the tar is committed as any other file is
    test_processes_never_mix = None

    @pytest.fixture
    def manager_type(self):
        return HiveManager


def elsewhere(server, tmp_path):
    config = {"root": f"{server.url}/hive-{next(_NUMBERS)}", "storage_options": server.options}
    options = ParquetOptions(partition_by=["country", "day"])
    manager = open_manager(ParquetManager, config, tmp_path)
    table = pa.table({"n": range(6), "country": ["../x", None, "de"] * 2, "day": [2, 10, 1] * 2})
    slot = Slot("visits", "x", options)
    for value in (table, iter(table.to_batches(max_chunksize=1))):
        record = store(manager, slot, value)
        loaded = manager.load(slot, record, io_samples._expr("pyarrow.Table"))
        assert loaded.column("n").to_pylist() == [0, 3, 2, 5, 1, 4]
        assert loaded.schema == table.schema
        streamed = manager.load(slot, record, io_samples._expr("pyarrow.RecordBatchReader"))
        assert streamed.read_all() == loaded
    with pytest.raises(StorageError, match="'n' is gone"):
        store(manager, Slot("visits", "y", options), table.drop_columns("n").append_column("m", table.column("n")))


def test_in_an_object_store(objects, tmp_path):
    elsewhere(objects, tmp_path)


def test_by_fsspec(remote, tmp_path):
    elsewhere(remote, tmp_path)
