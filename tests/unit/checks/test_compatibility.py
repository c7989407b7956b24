"""Which values fit which parameters."""

from __future__ import annotations

import pytest

from flowstone.checks.compatibility import Compatibility
from flowstone.ir.types import ClassInfo, TypeExpr

CLASSES = {
    name: ClassInfo(name=name, bases=tuple(TypeExpr(name=base) for base in bases))
    for name, bases in {
        "shop.Order": (),
        "shop.Refund": ("shop.Order",),
        "shop.Partial": ("shop.Refund", "abc.ABC"),
        "shop.Customer": (),
        "shop.Colour": ("enum.StrEnum",),
        "shop.Level": ("enum.IntEnum",),
        "shop.Foreign": ("sklearn.base.BaseEstimator",),
        "shop.Priced": ("Protocol",),
        "shop.Row": ("TypedDict",),
        "shop.Numbers": ("list",),
        "shop.Point": ("NamedTuple",),
        "shop.Loop": ("shop.Loop",),
        "shop.Box": ("Generic",),
        "shop.Odd": ("?",),
        "shop.Frame": ("polars.DataFrame",),
        "shop.Id": ("int",),
        "shop.Model": ("pydantic.main.BaseModel",),
        "shop.Stored": ("other.Table",),
    }.items()
}

FITS = [
    ("int", "int"),
    ("int", "float"),
    ("int", "complex"),
    ("bool", "int"),
    ("bool", "float"),
    ("int", "object"),
    ("?", "int"),
    ("int", "?"),
    ("None", "int | None"),
    ("int", "int | None"),
    ("int", "str | float"),
    ("int | str", "str | int"),
    ("int | bool", "float"),
    ("list[int]", "list"),
    ("list", "list[int]"),
    ("list[int]", "list[float]"),
    ("list[int]", "Sequence[float]"),
    ("list[int]", "Iterable[int]"),
    ("list[?]", "list[int]"),
    ("tuple[int, str]", "tuple[float, str]"),
    ("tuple[int, ...]", "tuple[int, int]"),
    ("tuple[int, int]", "tuple[int, ...]"),
    ("tuple[int, bool]", "Sequence[int]"),
    ("tuple[int, ...]", "Iterable[int]"),
    ("dict[str, int]", "dict[str, float]"),
    ("dict[str, int]", "Mapping[str, int]"),
    ("dict[str, int]", "Iterable[str]"),
    ("collections.Counter[str]", "dict[str, int]"),
    ("set[int]", "Collection[int]"),
    ("frozenset[int]", "Set[int]"),
    ("str", "Sequence[str]"),
    ("str", "Iterable[str]"),
    ("bytes", "Iterable[int]"),
    ("Generator[int, None, None]", "Iterator[int]"),
    ("Literal['a']", "Literal['a', 'b']"),
    ("Literal['a']", "str"),
    ("Literal[1]", "float"),
    ("bool", "Literal[True, False]"),
    ("dict[str, list[int]]", "Mapping[str, Sequence[float]]"),
    ("datetime.datetime", "datetime.date"),
    ("pathlib.Path", "pathlib.PurePath"),
    ("pandas.core.frame.DataFrame", "pandas.DataFrame"),
    ("pandas.DataFrame", "pandas.core.frame.DataFrame"),
    ("polars.DataFrame", "Iterable"),
    ("shop.Refund", "shop.Order"),
    ("shop.Partial", "shop.Order"),
    ("list[shop.Refund]", "Sequence[shop.Order]"),
    ("shop.Colour", "str"),
    ("shop.Level", "int"),
    ("shop.Level", "float"),
    ("shop.Numbers", "list"),
    ("shop.Numbers", "Sequence"),
    ("shop.Point", "tuple"),
    ("shop.Order", "Iterable[int]"),
    ("shop.Order", "shop.Priced"),
    ("int", "shop.Priced"),
    ("dict[str, int]", "shop.Row"),
    ("shop.Foreign", "sklearn.base.ClassifierMixin"),
    ("shop.Foreign", "polars.DataFrame"),
    ("geopandas.GeoDataFrame", "pandas.DataFrame"),
    ("pandas.DataFrame", "pandera.typing.DataFrame"),
    ("xgboost.XGBClassifier", "sklearn.base.ClassifierMixin"),
    ("numpy.typing.ArrayLike", "shop.Order"),
    ("shop.Box[int]", "shop.Box[float]"),
    ("shop.Box[float]", "shop.Box[int]"),
    ("shop.Box[int]", "Iterable[str]"),
    ("shop.Order", "Iterator[int]"),
    ("shop.Order", "Callable"),
    ("shop.Odd", "int"),
    ("shop.Odd", "shop.Order"),
    ("shop.Row", "Mapping[str, int]"),
    ("shop.Row", "dict[str, ?]"),
    ("dict[str, int]", "shop.Stored"),
    ("shop.Id", "float"),
    ("list[int]", "Hashable"),
    ("dict[str, int]", "Reversible[str]"),
    ("collections.Counter[str]", "Mapping[str, float]"),
    ("bytearray", "bytes"),
    ("other.Mode", "Literal['a']"),
    ("bool", "Literal[True] | Literal[False]"),
    ("Literal['a', 'b']", "Literal['a'] | Literal['b', 'c']"),
    ("None", "Literal[None, 'a']"),
    ("type[int]", "Callable"),
    ("object", "object"),
    ("Generator[int, str, None]", "Generator[int, bytes, None]"),
    ("numpy.ndarray[int]", "numpy.ndarray[str]"),
]

DOES_NOT_FIT = [
    ("int", "str"),
    ("float", "int"),
    ("int", "bool"),
    ("int", "None"),
    ("None", "int"),
    ("int | None", "int"),
    ("int | str", "int"),
    ("int | str", "int | list[int]"),
    ("int", "list[int]"),
    ("list[int]", "int"),
    ("list[int]", "list[str]"),
    ("list[int]", "tuple[int, ...]"),
    ("tuple[int, int]", "list[int]"),
    ("list[int]", "set[int]"),
    ("list[int]", "dict[str, int]"),
    ("list[float]", "Sequence[int]"),
    ("list[int]", "Mapping[str, int]"),
    ("Sequence[int]", "list[int]"),
    ("Iterator[int]", "list[int]"),
    ("tuple[int, str]", "tuple[int, int]"),
    ("tuple[int, str]", "tuple[int]"),
    ("tuple[int, str]", "Sequence[int]"),
    ("tuple[int, ...]", "tuple[str, int]"),
    ("dict[str, int]", "dict[str, str]"),
    ("dict[str, int]", "dict[int, int]"),
    ("dict[str, int]", "list[str]"),
    ("str", "list[str]"),
    ("str", "bytes"),
    ("str", "Iterable[int]"),
    ("int", "Iterable[int]"),
    ("Literal['a', 'b']", "Literal['a']"),
    ("Literal[1]", "Literal[True]"),
    ("str", "Literal['a']"),
    ("Literal[1]", "str"),
    ("dict[str, list[int]]", "dict[str, list[str]]"),
    ("datetime.date", "datetime.datetime"),
    ("str", "pathlib.Path"),
    ("polars.DataFrame", "pandas.DataFrame"),
    ("polars.DataFrame", "polars.LazyFrame"),
    ("polars.DataFrame", "dict[str, int]"),
    ("pandas.DataFrame", "int"),
    ("int", "pandas.DataFrame"),
    ("list[polars.DataFrame]", "list[pandas.DataFrame]"),
    ("shop.Order", "shop.Refund"),
    ("shop.Order", "shop.Customer"),
    ("shop.Foreign", "shop.Order"),
    ("list[shop.Order]", "list[shop.Customer]"),
    ("shop.Order", "int"),
    ("shop.Order", "polars.DataFrame"),
    ("shop.Order", "Mapping[str, int]"),
    ("int", "shop.Order"),
    ("polars.DataFrame", "shop.Order"),
    ("shop.Loop", "int"),
    ("shop.Box[int]", "shop.Box[str]"),
    ("int", "shop.Row"),
    ("dict[int, int]", "shop.Row"),
    ("list[shop.Row]", "shop.Row"),
    ("int", "shop.Id"),
    ("shop.Id", "str"),
    ("dict[str, int]", "shop.Model"),
    ("shop.Model", "dict[str, int]"),
    ("int", "Callable"),
    ("list[int]", "Iterator[int]"),
    ("shop.Order", "Literal['a']"),
    ("Literal['a', 'd']", "Literal['a'] | Literal['b', 'c']"),
    ("collections.Counter[str]", "dict[str, str]"),
    ("str", "Awaitable[str]"),
    ("object", "int"),
]


@pytest.mark.parametrize(("given", "wanted"), FITS)
def test_fits(given, wanted, as_type):
    assert Compatibility(CLASSES).fits(as_type(given), as_type(wanted))


@pytest.mark.parametrize(("given", "wanted"), DOES_NOT_FIT)
def test_does_not_fit(given, wanted, as_type):
    assert not Compatibility(CLASSES).fits(as_type(given), as_type(wanted))


@pytest.mark.parametrize(
    ("given", "wanted", "fits"),
    [
        ("polars.DataFrame", "pandas.DataFrame", True),
        ("polars.DataFrame", "pandas.core.frame.DataFrame", True),
        ("polars.DataFrame | None", "pandas.DataFrame | None", True),
        ("polars.DataFrame", "polars.LazyFrame", False),
        ("shop.Frame", "pandas.DataFrame", True),
        ("polars.DataFrame", "shop.Frame", False),
        ("list[polars.DataFrame]", "list[pandas.DataFrame]", False),
    ],
)
def test_the_store_turns_the_types_of_a_family_into_each_other(given, wanted, fits, as_type):
    families = (("polars.DataFrame", "pandas.DataFrame"),)

    assert Compatibility(CLASSES).fits(as_type(given), as_type(wanted), families) is fits


@pytest.mark.parametrize(
    ("given", "wanted", "fits"),
    [
        ("polars.DataFrame", "Iterator[pyarrow.RecordBatch]", True),
        ("polars.DataFrame", "Iterable[pyarrow.lib.RecordBatch]", True),
        ("Generator[pyarrow.RecordBatch, None, None]", "polars.DataFrame | None", True),
        ("Iterator[pyarrow.RecordBatch]", "pyarrow.RecordBatchReader", False),
        ("Iterator[int]", "polars.DataFrame", False),
        ("Iterator[pyarrow.RecordBatch]", "list[pyarrow.RecordBatch]", False),
    ],
)
def test_iterators_belong_to_a_family_by_what_they_give(given, wanted, fits, as_type):
    families = (("polars.DataFrame", "Iterator[pyarrow.RecordBatch]"),)

    assert Compatibility(CLASSES).fits(as_type(given), as_type(wanted), families) is fits


def test_deep_types_end():
    given = wanted = TypeExpr(name="int")
    for _ in range(400):
        given, wanted = TypeExpr(name="list", args=(given,)), TypeExpr(name="list", args=(wanted,))

    assert Compatibility().fits(given, wanted)
