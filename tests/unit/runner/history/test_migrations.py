import sqlite3
from contextlib import closing

import pytest

from flowstone.runner.history.database import open_database
from flowstone.runner.history.migrations import MIGRATIONS

RUN = "INSERT INTO runs VALUES (1, 'first', 'flowstone run', '{}', NULL, 7, 'failed', 'then', 'later', 0, NULL)"
TASKS = [
    (1, 0, "orders", None, "materialized", 0.5, 3, 10),
    (1, 1, "report", "2024-01-01", "failed", 0.25, None, 0),
    (1, 2, "letter", None, "waiting", None, None, None),
    (1, 3, "signed", None, "waiting", 0.5, None, 5),
    (1, 4, "broken", None, "waiting", None, None, None),
    (1, 5, "left", None, "skipped", 0.5, None, 0),
    (1, 6, "never", None, "waiting", None, None, None),
]
ATTEMPTS = [
    (1, 0, 1, "materialized", "then", 0.5, None),
    (1, 1, 1, "failed", "then", 0.5, '{"kind": "OSError"}'),
    (1, 1, 2, "failed", "later", 0.25, '{"kind": "ValueError"}'),
    (1, 2, 1, "running", "then", None, None),
    (1, 3, 1, "materialized", "then", 0.5, None),
    (1, 4, 1, "failed", "then", 0.5, '{"kind": "OSError"}'),
    (1, 5, 1, "reused", "then", 0.5, None),
]


def filled(path):
    """A database of the first version with a run in it."""
    with closing(open_database(path, MIGRATIONS[:1])) as connection:
        connection.execute(RUN)
        connection.executemany("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", TASKS)
        connection.executemany("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)", ATTEMPTS)


def test_what_is_known_of_runs_survives_the_migrations(tmp_path):
    filled(tmp_path / "state.db")
    with closing(open_database(tmp_path / "state.db")) as connection:
        columns = "run, place, step, partition, status, elapsed, rows, size"
        tasks = connection.execute(f"SELECT {columns} FROM tasks ORDER BY place").fetchall()
        assert tasks == [(*task[:4], "running" if task[2] == "letter" else task[4], *task[5:]) for task in TASKS]
        columns = "run, place, number, status, started_at, elapsed, failure"
        attempts = connection.execute(f"SELECT {columns} FROM all_attempts ORDER BY place, number").fetchall()
        assert attempts == ATTEMPTS
        assert connection.execute("SELECT place, number FROM attempts ORDER BY place").fetchall() == [(1, 1), (4, 1)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_run_that_is_forgotten_takes_its_tasks_and_attempts_along(tmp_path):
    filled(tmp_path / "state.db")
    with closing(open_database(tmp_path / "state.db")) as connection:
        connection.execute("DELETE FROM runs")
        for table in ("tasks", "attempts"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("table", ["tasks", "attempts"])
def test_a_state_that_there_is_not_is_refused(tmp_path, table):
    filled(tmp_path / "state.db")
    with (
        closing(open_database(tmp_path / "state.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="CHECK"),
    ):
        connection.execute(f"UPDATE {table} SET status = 'lost'")
