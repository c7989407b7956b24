"""What is known of types that no project defines: their bases, with what they pass on to them, and their other names.

Only what stands here or in the project is judged. A class of another package may inherit from anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

_TABLE = """
object
None
bool                            int
int                             float
float                           complex
complex
str                             Sequence[str]
bytes                           Sequence[int]
bytearray                       MutableSequence[int] bytes
memoryview                      Sequence[int] bytes
range                           Sequence[int]
slice
type                            Callable
list[T]                         MutableSequence[T]
tuple                           Sequence
dict[K,V]                       MutableMapping[K,V] Reversible[K]
set[T]                          MutableSet[T]
frozenset[T]                    Set[T]
collections.deque[T]            MutableSequence[T]
collections.OrderedDict[K,V]    dict[K,V]
collections.defaultdict[K,V]    dict[K,V]
collections.Counter[T]          dict[T,int]
collections.ChainMap[K,V]       MutableMapping[K,V]
MutableSequence[T]              Sequence[T]
Sequence[T]                     Reversible[T] Collection[T]
MutableSet[T]                   Set[T]
Set[T]                          Collection[T]
MutableMapping[K,V]             Mapping[K,V]
Mapping[K,V]                    Collection[K]
Collection[T]                   Sized Iterable[T] Container[T]
Reversible[T]                   Iterable[T]
Generator[T]                    Iterator[T]
Iterator[T]                     Iterable[T]
Iterable[T]
Sized
Container[T]
Callable
Coroutine[S,R,T]                Awaitable[T]
Awaitable[T]
AsyncGenerator[T]               AsyncIterator[T]
AsyncIterator[T]                AsyncIterable[T]
AsyncIterable[T]
NamedTuple                      tuple
TypedDict                       dict
Generic
abc.ABC
enum.Enum
enum.Flag                       enum.Enum
enum.IntEnum                    int enum.Enum
enum.IntFlag                    int enum.Flag
enum.StrEnum                    str enum.Enum
datetime.datetime               datetime.date
datetime.date
datetime.time
datetime.timedelta
decimal.Decimal
fractions.Fraction
uuid.UUID
pathlib.Path                    pathlib.PurePath
pathlib.PosixPath               pathlib.Path
pathlib.PurePath
pydantic.BaseModel
numpy.ndarray
pandas.DataFrame
pandas.Series
polars.DataFrame
polars.LazyFrame
polars.Series
pyarrow.Table
pyarrow.RecordBatch
pyarrow.RecordBatchReader       Iterator[pyarrow.RecordBatch]
duckdb.DuckDBPyRelation
"""
"""Types that are known in full, and their bases: what is not reached from a type, it is not."""

_ALIASES = {
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "pandas.core.api.DataFrame": "pandas.DataFrame",
    "pandas.core.series.Series": "pandas.Series",
    "polars.dataframe.DataFrame": "polars.DataFrame",
    "polars.dataframe.frame.DataFrame": "polars.DataFrame",
    "polars.lazyframe.LazyFrame": "polars.LazyFrame",
    "polars.lazyframe.frame.LazyFrame": "polars.LazyFrame",
    "polars.series.Series": "polars.Series",
    "polars.series.series.Series": "polars.Series",
    "pyarrow.lib.Table": "pyarrow.Table",
    "pyarrow.lib.RecordBatch": "pyarrow.RecordBatch",
    "pyarrow.lib.RecordBatchReader": "pyarrow.RecordBatchReader",
    "duckdb._relation.DuckDBPyRelation": "duckdb.DuckDBPyRelation",
    "pydantic.main.BaseModel": "pydantic.BaseModel",
    "ABC": "abc.ABC",
}
"""Other names of one type, by the name that is not used here."""

PROTOCOLS = frozenset(
    {"Iterable", "Iterator", "Reversible", "Collection", "Sized", "Container", "Callable"}
    | {"Awaitable", "AsyncIterable", "AsyncIterator"}
)
"""Types that a class can be without naming them as a base: by its methods, which are not known here."""

ANYTHING = frozenset({"object", "Hashable"})
"""Types that every value is taken as. Which values have no hash is not told."""

MAPPINGS = frozenset(
    {"dict", "Mapping", "MutableMapping"}
    | {"collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.ChainMap"}
)
"""Types whose arguments are key and value."""

_FOREIGN = ("duckdb.", "numpy.", "pandas.", "polars.", "pyarrow.", "pydantic.")


class Known(Struct, frozen=True):
    """One type of the table."""

    parameters: tuple[str, ...]
    bases: tuple[tuple[str, tuple[str, ...]], ...]
    """Each base with its arguments: names of parameters, or of types without arguments."""


@cache
def known_types() -> dict[str, Known]:
    """The table by the names of the types."""
    return dict(_entry(line.split()) for line in _TABLE.strip().splitlines())


def _entry(words: list[str]) -> tuple[str, Known]:
    (name, parameters), *bases = (_parts(word) for word in words)
    return name, Known(parameters, tuple(bases))


def _parts(text: str) -> tuple[str, tuple[str, ...]]:
    name, *arguments = re.findall(r"[^\[\],]+", text)
    return name, tuple(arguments)


def canonical(name: str) -> str:
    """The one name used here for a type that has several."""
    return _ALIASES.get(name, name)


def has_unknown_methods(name: str) -> bool:
    """Whether a known type may fulfil a protocol of which the table does not tell."""
    return name.startswith(_FOREIGN)


def bases_of(name: str) -> Iterator[str]:
    """The names of the bases of a known type."""
    return (base for base, _ in known_types()[name].bases)
