"""Assets whose value is a stream of record batches, on their way through ``materialize``."""

import pytest

from flowstone.errors import CheckFailedError, OutputError, StorageError, UnsupportedTypeError
from flowstone.ir.types import TypeExpr

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pytest.importorskip("duckdb")

HEAD = """
from collections.abc import Iterator, Iterable, Generator
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")

def parts(count):
    for number in range(count):
        log(f"made {number}")
        yield pa.record_batch({"n": [number, number + 100]})
"""
NUMBERS = """
@asset(io_manager="lake")
def numbers(ctx: Context, count: int = 3) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in parts(count):
        rows += batch.num_rows
        yield batch
    ctx.metadata["rows"] = rows
"""
MANAGERS = ["parquet", "duckdb", "memory"]


@pytest.fixture(params=MANAGERS)
def streams(request, make_project):
    """Makes a project whose manager ``lake`` is of each type by turns."""

    def make(text, **more):
        return make_project(HEAD + text, managers={"lake": request.param}, **more)

    make.type = request.param
    return make


@pytest.fixture
def lake(make_project):
    return lambda text: make_project(HEAD + text, managers={"lake": "parquet"})


def test_what_a_generator_yields_is_its_value(streams):
    made = streams(NUMBERS)
    workspace = made.workspace
    outcome = made.make("numbers", workspace=workspace)
    assert outcome.records[0].metadata["user"] == {"rows": 6}
    manager, slot_of = workspace.storage("numbers")
    _, value = manager.read(slot_of(None), TypeExpr(name="Iterator", args=(TypeExpr(name="pyarrow.RecordBatch"),)))
    assert value.read_all().column("n").to_pylist() == [0, 100, 1, 101, 2, 102]
    assert made.make("numbers", workspace=workspace).status == "reused"


def test_a_generator_reads_and_makes_a_stream(streams):
    made = streams(
        NUMBERS
        + """
@asset(io_manager="lake")
def doubled(numbers: pa.RecordBatchReader) -> Generator[pa.RecordBatch, None, None]:
    for batch in numbers:
        yield pa.record_batch({"n": pa.array([2 * n.as_py() for n in batch.column("n")])})

@asset
def total(doubled: Iterator[pa.RecordBatch]) -> int:
    return sum(n.as_py() for batch in doubled for n in batch.column("n"))
"""
    )
    workspace = made.workspace
    for step in ("numbers", "doubled", "total"):
        made.make(step, workspace=workspace)
    assert made.value("total") == 2 * sum([0, 100, 1, 101, 2, 102])


def test_each_check_receives_the_staged_value_anew(streams):
    forms = {"frame": "pl.DataFrame", "batches": "Iterator[pa.RecordBatch]", "table": "duckdb.DuckDBPyRelation"}
    checks = "".join(
        f'''
@check(asset="numbers")
def {name}(numbers: {form}) -> bool:
    log(f"{name} {{type(numbers).__name__}}")
    return {len_of}
'''
        for (name, form), len_of in zip(
            forms.items(),
            ("numbers.height == 6", "sum(batch.num_rows for batch in numbers) == 6", "len(numbers.fetchall()) == 6"),
            strict=True,
        )
        if streams.type != "memory" or name == "batches"
    )
    made = streams(
        f'{NUMBERS}{checks}\n@check(asset="numbers")\ndef bare(numbers):\n    return next(numbers) is not None\n'
    )
    record = made.make("numbers").records[0]
    assert [(item.name, item.passed) for item in record.checks] == [
        (name, True) for name in (["batches"] if streams.type == "memory" else forms)
    ] + [("bare", True)]
    assert [line for line in made.lines() if line.startswith("made")] == ["made 0", "made 1", "made 2"]


def test_a_blocking_check_keeps_a_stream_from_being_published(streams):
    text = (
        NUMBERS
        + """
@check(asset="numbers", blocking=True)
def few(numbers: Iterator[pa.RecordBatch]) -> bool:
    return sum(batch.num_rows for batch in numbers) < 8
"""
    )
    made = streams(text)
    workspace = made.workspace
    first = made.make("numbers", workspace=workspace).records[0]
    with pytest.raises(CheckFailedError):
        made.make("numbers", workspace=workspace, config={"count": 4})
    manager, slot_of = workspace.storage("numbers")
    assert manager.record(slot_of(None)) == first
    assert manager.intact(slot_of(None), first)


def test_a_check_of_a_frame_may_ask_for_batches(lake):
    made = lake(
        """
@asset(io_manager="lake")
def numbers() -> pl.DataFrame:
    return pl.DataFrame({"n": [1, 2]})

@check(asset="numbers")
def first(numbers: Iterator[pa.RecordBatch]) -> bool:
    return next(numbers).num_rows == 2

@check(asset="numbers")
def second(numbers: pa.RecordBatchReader) -> bool:
    return numbers.read_all().num_rows == 2
"""
    )
    assert [item.passed for item in made.make("numbers").records[0].checks] == [True, True]


def test_what_a_generator_raises_comes_out_as_it_is(streams):
    made = streams(
        """
@asset(io_manager="lake")
def numbers() -> Iterator[pa.RecordBatch]:
    yield pa.record_batch({"n": [1]})
    raise FileNotFoundError(2, "the source is gone", "/nowhere")
"""
    )
    with pytest.raises(FileNotFoundError, match="the source is gone"):
        made.make("numbers")


def test_resources_stay_open_while_a_generator_runs(streams):
    made = streams(
        """
@resource
def source():
    log("opened")
    yield [1, 2]
    log("closed")

@asset(io_manager="lake")
def numbers(source: list) -> Iterator[pa.RecordBatch]:
    for number in source:
        log(number)
        yield pa.record_batch({"n": [number]})
"""
    )
    made.make("numbers")
    assert made.lines() == ["opened", "1", "2", "closed"]


def test_outputs_may_be_streams_and_others(streams):
    made = streams(
        """
@asset(outputs={"rows": Output(io_manager="lake"), "count": Output()})
def split() -> tuple[Iterator[pa.RecordBatch], int]:
    return parts(2), 2

@check(asset="rows")
def some(rows: Iterator[pa.RecordBatch]) -> bool:
    return any(batch.num_rows for batch in rows)

@check(asset="count")
def two(count: int) -> bool:
    return count == 2
"""
    )
    rows, count = made.make("split").records
    assert [item.name for item in rows.checks] == ["some"]
    assert [item.name for item in count.checks] == ["two"]


def test_other_generators_are_still_refused(make_project):
    made = make_project("@asset\ndef numbers():\n    yield 1\n")
    with pytest.raises(OutputError, match="numbers is a generator function"):
        made.make("numbers")


def test_a_manager_that_cannot_show_what_it_staged_says_so(lake, monkeypatch):
    from flowstone.io.contract import IOManager
    from flowstone.io.parquet import ParquetManager

    made = lake(
        NUMBERS + '\n@check(asset="numbers")\ndef some(numbers: Iterator[pa.RecordBatch]) -> bool:\n    return True\n'
    )
    monkeypatch.setattr(ParquetManager, "load_staged", IOManager.load_staged)
    with pytest.raises(
        UnsupportedTypeError, match="numbers: its IO manager 'lake' cannot load a value before it is pub"
    ):
        made.make("numbers")
    assert made.value("numbers") is None


PARTITIONED = """
from flowstone import StaticPartitions
kinds = StaticPartitions("a", "b", "c")
"""


@pytest.mark.parametrize("form", ["pl.DataFrame", "pa.Table", "Iterator[pa.RecordBatch]"])
def test_partitions_with_other_columns_are_read_together(lake, form):
    read = "pl.concat([pl.from_arrow(value.read_all()) if hasattr(value, 'read_all') else pl.DataFrame(value) for"
    made = lake(
        PARTITIONED
        + f"""
@asset(io_manager="lake", partitioned_by=kinds, io={{"on_schema_change": "append"}})
def shares(ctx: Context) -> pl.DataFrame:
    return pl.DataFrame({{"n": [1], "more": [0.5]}} if ctx.partition.key == "b" else {{"n": [1]}})

@asset
def whole(shares: dict[str, {form}]) -> list[dict[str, float | None]]:
    return {read} value in shares.values()]).to_dicts()

@asset
def lazily(shares: Iterator[tuple[str, {form}]]) -> list[dict[str, float | None]]:
    return {read} _, value in shares]).to_dicts()
"""
    )
    workspace = made.workspace
    for key in "abc":
        made.make("shares", key, workspace=workspace)
    for step in ("whole", "lazily"):
        made.make(step, workspace=workspace)
        assert made.value(step) == [{"n": 1, "more": more} for more in (None, 0.5, None)]


def test_a_partition_with_other_columns_is_an_error(lake):
    made = lake(
        PARTITIONED
        + """
@asset(io_manager="lake", partitioned_by=kinds)
def shares(ctx: Context) -> pl.DataFrame:
    return pl.DataFrame({ctx.partition.key: [1]})
"""
    )
    made.make("shares", "a")
    with pytest.raises(StorageError, match=r"shares\[b\]: its columns are not those of the partitions"):
        made.make("shares", "b")
