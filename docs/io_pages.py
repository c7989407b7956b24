"""The reference pages about IO managers that are more than a list of options: types, and the contract."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import combinations
from typing import get_args

from writing import docs_of_class, escape, table

from flowstone.io import frames
from flowstone.io.contract import IOManager, Options, Traits
from flowstone.io.file_manager import OBJECTS
from flowstone.io.filesystem import FilesystemOptions, Format
from flowstone.io.fsspec_kinds import KINDS, REFUSED
from flowstone.io.object_store import EXTRAS
from flowstone.io.object_store import STEPS as OBJECT_STEPS
from flowstone.io.widening import widened
from flowstone.ir.types import TypeExpr
from flowstone.registry import IO_MANAGERS, io_manager_class

TYPES = """
What each IO manager stores, and as what it loads it. `flowstone check` asks the managers the same: a type that is not
stored is FS308, one that is not loaded FS309. Containers are judged by what they hold, unions by their members. A class
of yours, or of another package, is not judged: what it is decides when it is stored.
"""
FORMATS = """
The streamed forms of a table are those of [tables larger than memory](../guide/larger-than-memory.md). How a frame was
stored does not matter: it is loaded in the form that the parameter names.

## Formats of `filesystem`

Without `format` the type decides: bytes as they are, a `Path` as the file or folder it names, all else as JSON. JSON
keeps dates, decimals, tuples, sets and the like; dataclasses, pydantic models, named tuples and enums come back as the
parameter is annotated.
"""
PICKLES = """
Pickles run code when they are loaded: they are refused, for storing and for loading, unless the manager is configured
with `allow_pickle = true`.
"""
URLS = """
## Roots that are URLs

`s3://` and `az://` are reached without fsspec, and their conditional puts are used
([ADR 17](../adr/0017-versions-in-object-stores.md)). Of the others nothing is ever written twice
([ADR 29](../adr/0029-nothing-is-written-twice.md)).
"""
WIDER = """
## Types that become wider

With `on_schema_change="append"` the columns of parquet files may get other types, and partitions that are read
together, of files or of tables, get a type that holds the values of all. A value that the wider type does not hold
exactly is an error: a float holds whole numbers up to 2**53. A column that is missing, or has only gaps, gets the type
of the others. Fields of structs and items of lists follow the same rules.
"""
CONTRACT = """
An IO manager derives from `flowstone.io.contract.IOManager`, or from `flowstone.io.file_manager.FileManager` if a
value is a file: then it is committed, verified, cleaned up, and kept at URLs, by what the built-in ones use. A package
brings its manager by an entry point `flowstone.io_managers`. [The guide](../guide/write-an-io-manager.md) writes one
in 40 lines.

The contract is executable: `flowstone.testing.io_contract.IoContract` are the tests to which this page refers. All
built-in managers pass them, on real servers.
"""
PROMISES = """
## Storing

`stage` writes a value where no reader looks, and tells its data version, a hash that equal values share in any
process; `publish` makes it visible together with its record, or right before it. A reader sees the old value, the new
one or none. Storing again replaces; `discard` drops what is staged, as often as one likes. What is no value of the
manager's is refused with an UnsupportedTypeError that names the asset.

Tests: `test_there_are_samples`, `test_staged_value_is_invisible`, `test_published_value_comes_back`,
`test_equal_values_have_equal_versions`, `test_versions_do_not_depend_on_the_process`, `test_storing_again_replaces`,
`test_discarded_value_leaves_the_old_one`.

## Records

No value is read without its record, and none with that of another: `load` takes the record and raises DamagedError or
NotMaterializedError if the content is not, or no longer, that of it. `read` looks again while others publish.
`records` and `partitions` list in the order of the texts, whatever the slot's own partition. The facts in
`Staged.metadata` are JSON and describe the content: form, rows, columns, schema.

Tests: `test_nothing_stored_is_no_record`, `test_replaced_record_is_not_answered`,
`test_facts_of_the_content_are_json`, `test_partitions_and_assets_are_apart`, `test_records_come_in_order`.

## Types

`refuses` judges types before anything runs: None for what is taken, and for what cannot be known. Within a family of
`Traits.families` each form is loaded as any other. See [types](types.md).

Tests: `test_any_form_of_a_family_loads_as_any_other`.

## Partitions that are read together

`together` gives the values of several partitions as `load` does, one after the other. A manager of tables may give them
the columns that they need to be put together, and says why if there are none.

Tests: `test_partitions_that_are_read_together_come_in_order`.

## Streams

A manager whose family names `Iterator[pyarrow.RecordBatch]` stores batches as they come and gives a reader of
batches, which are verified before the first is handed out and which stay what they were when others publish. What the
user's iterator raises passes through unchanged, and the old value stays. `load_staged` gives the staged value again,
for checks, any number of times.

Tests: `test_a_stream_is_the_table_of_its_batches`, `test_readers_of_a_stream_keep_what_they_opened`,
`test_a_staged_stream_can_be_looked_at`, `test_a_stream_that_breaks_off_leaves_the_old_value`.

## Keys

Any partition key has a place of its own, or is refused with a StorageError; nothing is written outside of the store.

Tests: `test_any_key_can_be_a_partition`, `test_nothing_is_written_outside_the_project`.

## Deleting

`delete` removes the record, then the value, and nothing else; False if there was none. A damaged record can be
deleted, too.

Tests: `test_deleted_value_is_gone`.

## Damage

A value or record that somebody cut, changed, lengthened, emptied, removed or exchanged is never taken for the value:
`intact` may look at size and existence only if the value is large, `verify` and `load` look at all of it. Storing
again repairs. A record that cannot be read is a DamagedError, and its partition is still listed.

Tests: `test_damage_is_noticed_and_repaired`, `test_damaged_record_is_noticed_and_repaired`.

## Writers at the same time

Threads and processes may store the same value at once, and read meanwhile: what is read is one of theirs, whole, and
its record.

Tests: `test_threads_never_mix`, `test_processes_never_mix`.

## Crashes and errors

`steps` names the moments of `stage` and `publish` at which `reached` is called. A process that ends at any of them,
or an error, leaves the old value or the new one, or none; the next attempt succeeds. What is left behind nobody sees,
and `clean` removes it, never what a living process writes. An operating system's error becomes a StorageError that
names the asset.

Tests: `test_crash_at_any_step_leaves_a_value_that_is_whole`,
`test_error_at_any_step_names_the_asset_and_keeps_the_old_value`.
"""
SUITE = """
## The steps of the built-in managers

"""
GAPS = """
A test that a manager cannot pass is named in its `gaps`, with the reason; it is then expected to fail, and reported
once it does not. The built-in managers have none.
"""
NAMES = """
    None bool int float complex str bytes bytearray memoryview range list tuple dict set frozenset collections.deque
    collections.OrderedDict collections.defaultdict collections.Counter Callable datetime.datetime datetime.date
    datetime.time datetime.timedelta decimal.Decimal fractions.Fraction uuid.UUID pathlib.Path numpy.ndarray
    pandas.Series polars.Series pyarrow.RecordBatch
"""
BOTH, STORES, LOADS, NEITHER = "stores and loads", "stores", "loads", ""


def rows() -> tuple[TypeExpr, ...]:
    """The types of the table."""
    names = [*NAMES.split(), *frames.WHOLE, frames.READER, frames.RELATION]
    items = ("int", frames.RECORD_BATCH)
    iterators = [TypeExpr(name="Iterator", args=(TypeExpr(name=item),)) for item in items]
    return (*(TypeExpr(name=name) for name in names), *iterators)


def cell(manager: type[IOManager], options: Options, type: TypeExpr) -> str:
    """What a manager does with a type, by what ``check`` asks it."""
    stores, loads = (manager.refuses(type, options, loading=loading) is None for loading in (False, True))
    return {(True, True): BOTH, (True, False): STORES, (False, True): LOADS, (False, False): NEITHER}[stores, loads]


def types() -> Iterator[str]:
    """The page ``types.md``."""
    managers = {name: io_manager_class(name) for name in sorted(IO_MANAGERS)}
    formats = {f'`format="{name}"`': FilesystemOptions(format=name) for name in get_args(Format)}
    yield "# Types"
    yield TYPES
    yield from _grouped({f"`{name}`": (manager, manager.AssetOptions()) for name, manager in managers.items()})
    yield FORMATS
    yield from _grouped({name: (managers["filesystem"], options) for name, options in formats.items()})
    yield PICKLES
    yield WIDER
    yield from table(("one", "other", "both"), _wider())


def _wider() -> Iterator[tuple[str, str, str]]:
    """Types, another, and what holds the values of both, as the code says."""
    import pyarrow as pa

    decimals = pa.decimal128(5, 2), pa.decimal128(10, 4)
    numbers = pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64()
    times = pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32()
    texts = pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary()
    for kinds in (numbers, decimals, texts, times):
        for one, other in combinations(kinds, 2):
            yield f"`{one}`", f"`{other}`", f"`{found}`" if (found := widened(one, other)) else "none: an error"
    yield "`int64`", "`string`", "none: an error, as for all types of other sorts"


def _grouped(columns: dict[str, tuple[type[IOManager], Options]]) -> Iterator[str]:
    """A table in which types with the same answers stand together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows():
        groups.setdefault(tuple(cell(*column, row) for column in columns.values()), []).append(f"`{row}`")
    yield from table(("type", *columns), ((", ".join(names), *cells) for cells, names in groups.items()))


def contract() -> Iterator[str]:
    """The page ``io-contract.md``."""
    yield "# The contract of IO managers"
    yield CONTRACT
    yield from table(("of a manager", ""), _members(IOManager))
    yield "`Traits` say what the compiler must know:\n"
    yield from table(("trait", ""), ((f"`{name}`", escape(text)) for name, text in docs_of_class(Traits).items()))
    yield PROMISES
    yield SUITE
    yield from table(("manager", "steps"), _steps())
    yield GAPS


def _members(cls: type) -> Iterator[tuple[str, str]]:
    """The public methods and class variables of a class, in the order of its source."""
    docs = docs_of_class(cls)
    for name in dict.fromkeys([*docs, *vars(cls)]):
        found = vars(cls).get(name)
        if name in docs:
            yield f"`{name}`", escape(docs[name])
        elif not name.startswith("_") and (inspect.isfunction(found) or isinstance(found, classmethod)):
            yield f"`{name}{_parameters(found)}`", escape(inspect.getdoc(found) or "")


def _parameters(function: object) -> str:
    signature = inspect.signature(getattr(function, "__func__", function))  # type: ignore[arg-type]
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    return f"({', '.join(names)})"


def _steps() -> Iterator[tuple[str, str]]:
    for name in sorted(IO_MANAGERS):
        yield f"`{name}`", ", ".join(io_manager_class(name).steps)
    yield "at a URL", ", ".join(OBJECT_STEPS)


def urls() -> Iterator[str]:
    """The kinds of URLs that a root may be, and those that are refused."""
    yield URLS
    own = [(f"`{start}bucket/prefix`", EXTRAS[start.partition(":")[0]], "those of obstore") for start in OBJECTS]
    known = [
        (f"`{protocol}://{kind.example}`", kind.extra, ", ".join(f"`{name}`" for name in kind.options or ()))
        for protocol, kind in KINDS.items()
    ]
    other = ("any other that fsspec knows", "fsspec", "those of its file system; not tried in FlowStone's tests")
    yield from table(("root", "extra", "`storage_options`"), [*own, *known, other])
    reasons: dict[str, list[str]] = {}
    for protocol, reason in REFUSED.items():
        reasons.setdefault(reason, []).append(f"`{protocol}://`")
    yield from table(("refused", "why"), [(", ".join(names), reason) for reason, names in reasons.items()])
