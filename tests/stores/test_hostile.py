"""Hostile keys, names and values: each comes back as it was, or is refused; nothing else happens anywhere."""

import random
import sys

import obstore
import psycopg
import pytest
from pydantic import ValidationError

from flowstone.dsl.partitions import escape
from flowstone.errors import StorageError
from flowstone.io.contract import Slot
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.parquet import ParquetManager
from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_actions import open_manager, slot_of, store
from flowstone.testing.io_samples import same
from tests.robustness.soak import SOAK
from tests.stores.statements import is_ours, statements

pa = pytest.importorskip("pyarrow")

REFUSED = (StorageError, ValidationError)
"""By the manager, or with the options, before anything runs."""
CASES = 2_000 if SOAK else 150
PIECES = (
    *(
        "..",
        ".",
        "/",
        "\\",
        "\0",
        "'",
        '"',
        "''",
        '""',
        "\\'",
        "E'",
        "$$",
        "$1",
        "%s",
        "%",
        "{}",
        "?",
        "*",
        ":",
        ";",
        ",",
    ),
    *("--", "/*", "*/", "(", ")", "'; DROP SCHEMA public CASCADE; --", '"; COMMIT; --', "\\copy x", "SELECT", "NULL"),
    *("{partition}", "{asset}", "{nothing}", "~", "~2F", "%2e%2e", "CON", "com1.txt", ".records", "../../etc/passwd"),
    *(
        "\u00e9",
        "e\u0301",
        "\u212b",
        "\ufb00",
        "\u00df",
        "\u0130",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\U0001f600",
        "\ud800",
    ),
    *(
        "\n",
        "\r",
        "\t",
        " ",
        "\x1b[31m",
        "\x7f",
        "a",
        "A",
        "x",
        "0",
        "_",
        "=",
        "-",
        "x" * 255,
        "y" * 4000,
        "\u00e9" * 2000,
    ),
)

IN_PUBLIC = "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public'"


def text(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 6)))


def value(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return {text(rng): text(rng), "n": [text(rng)]}
    if kind == 1:
        return text(rng).encode("utf-8", "surrogatepass")
    if kind == 2:
        return text(rng)
    return pa.table({unicode(rng): [unicode(rng), None], "n": [1, 2]})


def unicode(rng):
    return text(rng).replace("\ud800", "?")  # what Arrow and keys are made of


def slot(rng, manager_type):
    """Some place; what its options refuse, before anything runs, is refused."""
    asset = text(rng) if rng.randrange(8) == 0 else "shop.orders"
    partition = rng.choice([None, escape(unicode(rng)), text(rng)])
    options = {}
    if rng.randrange(2) and "path" in manager_type.AssetOptions.model_fields:
        options["path"] = text(rng) + rng.choice(["", "{partition}", "/{partition}.x"])
    if rng.randrange(2) and "table" in manager_type.AssetOptions.model_fields:
        options["table"] = text(rng)
    if rng.randrange(10) == 0 and "table" in manager_type.AssetOptions.model_fields:
        options["schema"] = text(rng)
    return Slot(asset, partition, manager_type.AssetOptions.model_validate(options))


def try_all(manager_type, config, root, seed):
    """Store, read and delete each; the numbers of those that came back and of those that were refused."""
    manager = open_manager(manager_type, config, root)
    other = slot_of(manager, "other", "shop.other")
    kept = store(manager, other, pa.table({"n": [1]}) if manager_type is ParquetManager else ["kept"])
    rng = random.Random(seed)
    came_back = refused = 0
    for _ in range(CASES):
        try:
            where, what = slot(rng, manager_type), value(rng)
            store(manager, where, what)
        except REFUSED:
            refused += 1
            continue
        record, found = manager.read(where, None)
        assert same(found, what), (where, what)
        assert (record.asset, record.partition) == (where.asset, where.partition)
        assert manager.delete(where)
        came_back += 1
    assert manager.record(other) == kept
    manager.verify(other, kept)
    assert came_back > CASES // 20
    assert refused > CASES // 20
    sys.stdout.write(f"{manager_type.__name__}: {came_back} came back, {refused} were refused\n")


@pytest.mark.parametrize("manager_type", [FilesystemManager, ParquetManager, DuckdbManager])
def test_on_disk(manager_type, tmp_path):
    root = tmp_path / "around" / "project"
    root.mkdir(parents=True)
    try_all(manager_type, {}, root, 1)
    assert list((tmp_path / "around").iterdir()) == [root]
    assert list(root.iterdir()) == [root / ".flowstone"]
    assert list((root / ".flowstone").iterdir()) == [root / ".flowstone" / "data"]
    places = {path.name for path in (root / ".flowstone" / "data").iterdir()}
    ours = {f"contract.duckdb{suffix}" for suffix in ("", ".lock", ".turn", ".wal")}
    assert places <= {"contract", *ours}


def test_in_an_object_store(objects, tmp_path):
    config = {"root": f"{objects.url}/hostile/inside", "storage_options": objects.options}
    bucket = objects.client()

    def outside():
        return {
            item["path"]
            for page in obstore.list(bucket)
            for item in page
            if not item["path"].startswith("hostile/inside/")
        }

    before = outside()
    try_all(FilesystemManager, config, tmp_path, 2)
    assert outside() == before


def test_by_fsspec(remote, tmp_path):
    config = {"root": f"{remote.url}/hostile/inside", "storage_options": remote.options}

    def outside():
        return [name for name in remote.names("") if not name.startswith("hostile/inside/")]

    before = outside()
    try_all(FilesystemManager, config, tmp_path, 4)
    assert outside() == before


def test_in_postgres(postgres_server, postgres_log, tmp_path):
    """No statement reaches the server but those that FlowStone makes."""
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        before = admin.execute(IN_PUBLIC).fetchall()
        try_all(PostgresManager, {"dsn": postgres_server, "schema": "hostile"}, tmp_path, 3)
        assert admin.execute(IN_PUBLIC).fetchall() == before
    found = statements(postgres_log())
    assert len(found) > 5 * CASES
    assert [statement for statement in found if not is_ours(statement)] == []


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM "a"."b" WHERE "p" = \'x\'; DROP TABLE y',
        'DELETE FROM "a"."b" WHERE "p" = \'x\' OR true',
        "SELECT record FROM \"a\".\"b\" WHERE asset = 'x' AND partition = '' -- '",
        "DROP SCHEMA public CASCADE",
        "SELECT 1",
    ],
)
def test_statements_of_others_would_be_seen(statement):
    assert not is_ours(statement)
    assert is_ours('DELETE FROM "a"."b""; x" WHERE "p" =  E\'\\\\\'\'; DROP TABLE y\'')


@pytest.mark.parametrize("manager_type", [DuckdbManager, PostgresManager])
@pytest.mark.parametrize(
    ("asset", "partition", "options"),
    [
        ("shop.\ud800", None, {}),
        ("shop.orders", "\ud800", {}),
        ("shop.orders", None, {"table": "\ud800"}),
        ("shop.orders", "x", {"schema": "\ud800"}),
        ("", "x", {"table": "y"}),
        ("a\0b", "x", {"table": "y"}),
    ],
    ids=ascii,
)
def test_texts_that_no_database_takes_are_refused(postgres_server, tmp_path, manager_type, asset, partition, options):
    config = {"dsn": postgres_server, "schema": "hostile"} if manager_type is PostgresManager else {}
    manager = open_manager(manager_type, config, tmp_path)
    with pytest.raises(REFUSED):
        store(manager, Slot(asset, partition, manager_type.AssetOptions.model_validate(options)), 1)
