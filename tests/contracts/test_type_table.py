"""What the page about types says of each manager is what the manager does."""

import collections
import fractions
import sys
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from flowstone.errors import UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.contract import Slot
from flowstone.registry import IO_MANAGERS, io_manager_class
from flowstone.testing.io_actions import open_manager, store
from flowstone.testing.io_samples import SAMPLES, same

DOCS = Path(__file__).parents[2] / "docs"
SERVERS = {"postgres"}
"""Those that need a server: they are judged by the code that the other tables are judged by."""
VALUES = {
    "None": None,
    "bool": True,
    "int": 1,
    "float": 0.5,
    "complex": 1j,
    "str": "text",
    "bytes": b"\0",
    "bytearray": bytearray(b"\0"),
    "memoryview": memoryview(b"\0"),
    "range": range(3),
    "list": [1],
    "tuple": (1,),
    "dict": {"a": 1},
    "set": {1},
    "frozenset": frozenset({1}),
    "collections.deque": collections.deque([1]),
    "collections.OrderedDict": collections.OrderedDict(a=1),
    "collections.defaultdict": collections.defaultdict(int, a=1),
    "collections.Counter": collections.Counter("a"),
    "Callable": len,
    "datetime.datetime": datetime(2024, 1, 1, tzinfo=UTC),
    "datetime.date": date(2024, 1, 1),
    "datetime.time": time(12),
    "datetime.timedelta": timedelta(1),
    "decimal.Decimal": Decimal("1.10"),
    "fractions.Fraction": fractions.Fraction(1, 3),
    "uuid.UUID": uuid.UUID(int=1),
}


@pytest.fixture(scope="module")
def page():
    sys.path.insert(0, str(DOCS))
    try:
        import io_pages
    finally:
        sys.path.remove(str(DOCS))
    return io_pages


def value_of(row, folder):
    """A value of a type of the table, new each time."""
    import numpy
    import pandas
    import polars
    import pyarrow

    name = str(row)
    for sample in SAMPLES:
        if sample.type == row and name in frames.FORMS:
            return sample.make(1)
    if name == "pathlib.Path":
        (folder / "file").write_bytes(b"content")
        return folder / "file"
    others = {
        "numpy.ndarray": lambda: numpy.array([1]),
        "pandas.Series": lambda: pandas.Series([1]),
        "polars.Series": lambda: polars.Series([1]),
        "pyarrow.RecordBatch": lambda: pyarrow.record_batch({"n": [1]}),
        "Iterator[int]": lambda: iter([1]),
    }
    return others[name]() if name in others else VALUES[name]


@pytest.mark.parametrize("name", sorted(IO_MANAGERS.keys() - SERVERS))
def test_a_value_is_stored_if_the_page_says_so(name, page, tmp_path):
    manager = open_manager(io_manager_class(name), {}, tmp_path)
    options = manager.AssetOptions()
    for number, row in enumerate(page.rows()):
        slot = Slot(f"a{number}", None, options)
        value = value_of(row, tmp_path)
        if page.cell(type(manager), options, row) in (page.BOTH, page.STORES):
            store(manager, slot, value)
            _, loaded = manager.read(slot, row)
            wanted = value_of(row, tmp_path)
            assert loaded.read_bytes() == b"content" if str(row) == "pathlib.Path" else same(loaded, wanted), row
        else:
            with pytest.raises(UnsupportedTypeError):
                manager.stage(slot, value)


@pytest.mark.parametrize("format", ["json", "text", "bytes", "file"])
def test_a_format_stores_what_the_page_says(format, page, tmp_path):
    manager = open_manager(io_manager_class("filesystem"), {}, tmp_path)
    options = manager.AssetOptions(format=format)
    for row in page.rows():
        slot = Slot("a", None, options)
        if page.cell(type(manager), options, row) in (page.BOTH, page.STORES):
            manager.discard(manager.stage(slot, value_of(row, tmp_path)))
        else:
            with pytest.raises(UnsupportedTypeError):
                manager.stage(slot, value_of(row, tmp_path))


def test_postgres_is_judged_as_duckdb(page):
    postgres, duckdb = io_manager_class("postgres"), io_manager_class("duckdb")
    for row in page.rows():
        assert page.cell(postgres, postgres.AssetOptions(), row) == page.cell(duckdb, duckdb.AssetOptions(), row)
