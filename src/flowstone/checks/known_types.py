"""What is known of types that no project defines: their bases, their other names, and how they iterate.

Only what stands here or in the project is judged. A class of another package may inherit from anything.
"""

from __future__ import annotations

ALIASES = {
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
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
    "collections.abc.Set": "Set",
    "typing.AbstractSet": "Set",
    "AbstractSet": "Set",
    "typing.List": "list",
    "typing.Dict": "dict",
    "typing.Tuple": "tuple",
    "typing.FrozenSet": "frozenset",
    "typing.Text": "str",
    "NoneType": "None",
    "types.NoneType": "None",
    "typing.Any": "?",
    "Any": "?",
    "typing.NamedTuple": "tuple",
    "NamedTuple": "tuple",
}
"""Other names of one type, by the name that is not used here."""

BASES: dict[str, tuple[str, ...]] = {
    "None": (),
    "object": (),
    "bool": ("int",),
    "int": ("float",),
    "float": ("complex",),
    "complex": (),
    "str": ("Sequence",),
    "bytes": ("Sequence",),
    "bytearray": ("MutableSequence",),
    "range": ("Sequence",),
    "list": ("MutableSequence",),
    "tuple": ("Sequence",),
    "dict": ("MutableMapping",),
    "set": ("MutableSet",),
    "frozenset": ("Set",),
    "collections.deque": ("MutableSequence",),
    "collections.OrderedDict": ("dict",),
    "collections.defaultdict": ("dict",),
    "collections.Counter": ("dict",),
    "OrderedDict": ("dict",),
    "defaultdict": ("dict",),
    "Counter": ("dict",),
    "deque": ("MutableSequence",),
    "MutableSequence": ("Sequence",),
    "Sequence": ("Reversible", "Collection"),
    "MutableSet": ("Set",),
    "Set": ("Collection",),
    "MutableMapping": ("Mapping",),
    "Mapping": ("Collection",),
    "Collection": ("Sized", "Iterable", "Container"),
    "Reversible": ("Iterable",),
    "Generator": ("Iterator",),
    "Iterator": ("Iterable",),
    "Iterable": (),
    "Sized": (),
    "Container": (),
    "enum.Enum": (),
    "enum.Flag": ("enum.Enum",),
    "enum.IntEnum": ("int", "enum.Enum"),
    "enum.StrEnum": ("str", "enum.Enum"),
    "datetime.datetime": ("datetime.date",),
    "datetime.date": (),
    "datetime.time": (),
    "datetime.timedelta": (),
    "decimal.Decimal": (),
    "fractions.Fraction": (),
    "uuid.UUID": (),
    "pathlib.Path": ("pathlib.PurePath",),
    "pathlib.PurePath": (),
    "numpy.ndarray": (),
    "pandas.DataFrame": (),
    "pandas.Series": (),
    "polars.DataFrame": (),
    "polars.LazyFrame": (),
    "polars.Series": (),
    "pyarrow.Table": (),
    "pyarrow.RecordBatch": (),
    "pyarrow.RecordBatchReader": (),
}
"""Bases of the types that are known in full: what is not reached from a type, it is not."""

DUCKS = frozenset({"Iterable", "Sized", "Container", "Collection", "Reversible"})
"""Types that a class can be without naming them as a base: by its methods, which are not known here."""

FOREIGN = frozenset(name for name in BASES if name.partition(".")[0] in ("numpy", "pandas", "polars", "pyarrow"))
"""Known types of which the methods are not known."""

OPEN_BASES = frozenset({"Protocol", "typing.Protocol", "TypedDict", "typing.TypedDict"})
"""Bases of project classes whose instances are told by their shape: nothing is said of what fits them."""

ITEMS = {"str": "str", "bytes": "int", "bytearray": "int", "range": "int"}
"""What known types without type arguments iterate over."""

MAPPINGS = frozenset(
    {"dict", "Mapping", "MutableMapping"}
    | {"OrderedDict", "defaultdict", "collections.OrderedDict", "collections.defaultdict"}
)
"""Types whose arguments are key and value."""
