import sys
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from flowstone.errors import MissingExtraError, UnsupportedTypeError
from flowstone.io.frames import FORMS
from flowstone.io.parquet import ParquetConfig, ParquetManager, ParquetOptions
from flowstone.ir.types import TypeExpr

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pq = pytest.importorskip("pyarrow.parquet")


def expr(name, *args):
    return TypeExpr(name=name, args=args)


def refusal(type, *, loading=False):
    return ParquetManager.refuses(type, ParquetOptions(), loading=loading)


def stored_bytes(store):
    (path,) = store.manager.root.glob("*.parquet")
    return path.read_bytes()


@pytest.fixture
def frame():
    return pl.DataFrame({"n": [1, None, 3], "text": ["ß", "", None], "at": [datetime(2024, 1, 1, tzinfo=UTC)] * 3})


def test_the_stored_form_comes_back_without_an_annotation(shelf, frame):
    store = shelf(ParquetManager)
    for value in (frame, frame.lazy(), frame.to_pandas(), frame.to_arrow()):
        assert type(store.again(value)) is type(value)
        assert type(store.get("?")) is type(value)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_had_from_a_polars_frame(shelf, frame, form):
    store = shelf(ParquetManager)
    store.put(frame)
    loaded = store.get(form)
    assert pl.DataFrame(loaded.collect() if form == "polars.LazyFrame" else loaded).select(frame.columns).rows()[0] == (
        1,
        "ß",
        datetime(2024, 1, 1, tzinfo=UTC),
    )


def test_an_optional_frame_is_loaded_as_the_frame(shelf, frame):
    store = shelf(ParquetManager)
    store.put(frame)
    union = expr("|", expr("pandas.DataFrame"), expr("None"))
    assert isinstance(store.get(union), pd.DataFrame)
    either = expr("|", expr("pandas.DataFrame"), expr("polars.DataFrame"))
    assert isinstance(store.get(either), pl.DataFrame)


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame(),
        pl.DataFrame({"a": []}, schema={"a": pl.Int8}),
        pl.DataFrame({"a": [[1, 2], None, []], "s": [{"x": 1}, {"x": None}, None]}),
        pl.DataFrame({"a": [b"\0", None], "d": pl.Series([1, 2]).cast(pl.Decimal(10, 2))}),
        pl.DataFrame(
            {"c": pl.Series(["a", "b", "a"], dtype=pl.Categorical), "e": pl.Series(["x"] * 3, dtype=pl.Enum(["x"]))}
        ),
        pl.DataFrame({"t": pl.Series([datetime(2024, 1, 1)], dtype=pl.Datetime("ns", "Europe/Berlin"))}),
    ],
)
def test_polars_types_come_back(shelf, table):
    store = shelf(ParquetManager)
    loaded = store.again(table)
    assert loaded.schema == table.schema
    assert loaded.equals(table)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}),
        pd.DataFrame({"a": [1.5, 2.5]}, index=pd.Index(["x", "y"], name="key")),
        pd.DataFrame({"a": [1, 2]}, index=[5, 3]),
        pd.DataFrame({"a": pd.Categorical(["x", "y"]), "t": pd.to_datetime(["2024-01-01", None]).tz_localize("UTC")}),
        pd.DataFrame([[1, 2]], columns=[0, 1]),
        pd.DataFrame({"a": [1]}).rename_axis(columns="kind"),
    ],
)
def test_pandas_types_and_indexes_come_back(shelf, table):
    pd.testing.assert_frame_equal(shelf(ParquetManager).again(table), table)


def test_what_only_pandas_knows_is_kept_only_where_there_is_some(shelf):
    store = shelf(ParquetManager)
    store.put(pd.DataFrame({"a": [1], "b": ["x"]}))
    assert b"pandas" not in (store.get("pyarrow.Table").schema.metadata or {})
    store.put(pd.DataFrame({"a": [1]}, index=[5]))
    assert b"pandas" in store.get("pyarrow.Table").schema.metadata


def test_bytes_do_not_depend_on_how_the_frame_was_put_together(shelf, frame):
    store = shelf(ParquetManager)
    store.put(pl.concat([frame, frame], rechunk=True))
    whole = stored_bytes(store)
    store.put(pl.concat([frame, frame], rechunk=False))
    assert stored_bytes(store) == whole
    store.put(pl.concat([frame, frame, frame])[:6].lazy())
    assert stored_bytes(store) == whole


def test_the_record_says_what_the_content_is(shelf, frame):
    content = shelf(ParquetManager).put(frame).metadata["content"]
    assert content["form"] == "polars.DataFrame"
    assert (content["rows"], content["columns"]) == (3, 3)
    assert content["schema"] == {"n": "int64", "text": "large_string", "at": "timestamp[us, tz=UTC]"}


def test_row_groups_and_compression_are_options(shelf):
    table = pa.table({"a": ["x" * 50] * 1000})
    grouped = shelf(ParquetManager, row_group_size=100, compression="none")
    grouped.put(table)
    found = pq.ParquetFile(pa.BufferReader(stored_bytes(grouped)))
    assert found.num_row_groups == 10
    assert found.metadata.row_group(0).column(0).compression == "UNCOMPRESSED"


def test_values_that_are_no_frames_are_refused(shelf):
    store = shelf(ParquetManager)
    for value in (1, {"a": [1]}, pl.Series([1]), pd.Series([1]), None):
        with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: .*is not a data frame"):
            store.put(value)
    with pytest.raises(UnsupportedTypeError, match="one name"):
        store.put(pa.table([[1], [2]], names=["a", "a"]))
    with pytest.raises(UnsupportedTypeError, match="Arrow table"):
        store.put(pd.DataFrame({"a": [1, "x", object()]}))
    assert store.files() == []


def test_subclasses_of_frames_are_stored(shelf):
    class Orders(pd.DataFrame):
        pass

    assert shelf(ParquetManager).again(Orders({"a": [1]}))["a"].tolist() == [1]


def test_other_annotations_are_refused(shelf, frame):
    store = shelf(ParquetManager)
    store.put(frame)
    for name in ("int", "polars.Series", "shop.models.Order"):
        with pytest.raises(UnsupportedTypeError, match=r"shop\.orders"):
            store.get(name)


def test_types_are_judged_without_values():
    for form in FORMS:
        assert refusal(expr(form)) is None
    assert refusal(expr("pandas.core.frame.DataFrame")) is None
    assert refusal(expr("?")) is None
    assert refusal(expr("shop.Frame")) is None
    assert "filesystem" in refusal(expr("int"))
    assert "filesystem" in refusal(expr("list", expr("polars.DataFrame")))
    assert refusal(expr("polars.Series")) is not None
    optional = expr("|", expr("polars.DataFrame"), expr("None"))
    assert refusal(optional) is not None
    assert refusal(optional, loading=True) is None


@pytest.mark.parametrize(
    "config", [{"compression": "zip"}, {"compression": "snappy", "compression_level": 1}, {"compression_level": 23}]
)
def test_wrong_configuration_is_refused(config):
    with pytest.raises(ValidationError):
        ParquetConfig(**config)


def test_wrong_options_are_refused():
    for options in ({"row_group_size": 0}, {"format": "json"}, {"path": "../x"}):
        with pytest.raises(ValidationError):
            ParquetOptions(**options)


def test_missing_packages_are_named(shelf, frame, monkeypatch):
    store = shelf(ParquetManager)
    store.put(frame)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pandas", None)
        with pytest.raises(UnsupportedTypeError, match="pandas is not installed") as caught:
            store.get("pandas.DataFrame")
        assert caught.value.help == "pip install pandas"
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError) as missing:
        store.put(frame)
    assert missing.value.help == "pip install 'flowstone[parquet]'"
