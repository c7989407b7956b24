import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flowstone.errors import StateError
from flowstone.runner.history.database import open_database, transaction

ONE = ("CREATE TABLE a (x INTEGER)",)
TWO = ("ALTER TABLE a ADD COLUMN y INTEGER", "UPDATE a SET y = x + 1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "state.db"


def opened(path, *migrations):
    """Opened and closed again."""
    open_database(path, migrations).close()


def test_a_new_file_is_only_for_its_owner_and_survives_a_dead_writer(path):
    connection = open_database(path, [ONE])
    assert path.stat().st_mode & 0o077 == 0
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_migrations_are_carried_out_once_and_in_order(path):
    opened(path, ONE)
    connection = open_database(path, [ONE])
    connection.execute("INSERT INTO a VALUES (1)")
    connection.close()
    for _ in range(2):
        connection = open_database(path, [ONE, TWO])
        assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 2)]
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        connection.close()


def test_a_backup_is_made_before_a_migration_and_none_for_a_new_file(path):
    opened(path, ONE)
    assert not list(path.parent.glob("*.backup"))
    connection = open_database(path, [ONE])
    connection.execute("INSERT INTO a VALUES (7)")
    connection.close()
    opened(path, ONE, TWO)
    (backup,) = path.parent.glob("state.db.v1.*.backup")
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT * FROM a").fetchall() == [(7,)]
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    copy.close()
    assert backup.stat().st_mode & 0o077 == 0


def test_a_migration_that_fails_leaves_the_old_version(path):
    opened(path, ONE)
    with pytest.raises(StateError, match="no such table"):
        open_database(path, [ONE, (*TWO, "INSERT INTO nowhere VALUES (1)")])
    connection = open_database(path, [ONE])
    assert [column[1] for column in connection.execute("PRAGMA table_info(a)")] == ["x"]
    connection.close()


def test_a_newer_file_is_refused_and_left_alone(path):
    opened(path, ONE, TWO)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"newer FlowStone \(version 2, this one knows 1\)") as caught:
        open_database(path, [ONE])
    assert "move the file away" in caught.value.help
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage", [b"this is no database, whatever its name says " * 100, b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_damaged_file_is_named_with_what_to_do(path, damage):
    path.parent.mkdir()
    path.write_bytes(damage)
    with pytest.raises(StateError, match=r"state\.db") as caught:
        open_database(path)
    assert "move it away" in caught.value.help


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_truncated_file_is_refused(path, share):
    opened(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StateError, match="is damaged") as caught:
        open_database(path)
    assert "move it away" in caught.value.help


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StateError, match=r"cannot use .*state\.db: (Not a directory|File exists)"):
        open_database(tmp_path / "home" / "state.db")


def test_a_transaction_is_all_or_nothing(path):
    connection = open_database(path, [ONE])

    def half():
        with transaction(connection):
            connection.execute("INSERT INTO a VALUES (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (0,)
    connection.close()


def test_many_may_be_the_first_to_use_the_log_at_once(tmp_path):
    together = threading.Barrier(8)

    def use(place):
        together.wait()
        opened(place)

    with ThreadPoolExecutor(8) as threads:
        for number in range(60):
            place = tmp_path / str(number)
            sqlite3.connect(place).close()
            assert list(threads.map(use, [place] * 8)) == [None] * 8


def test_many_processes_may_open_a_new_file_at_once(path):
    text = f"""
from pathlib import Path
from flowstone.runner.history.database import open_database
open_database(Path({str(path)!r})).close()
"""
    processes = [subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE) for _ in range(6)]
    results = [(process.communicate()[1], process.returncode) for process in processes]
    assert results == [(b"", 0)] * 6
