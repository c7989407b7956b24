"""How the database of runs came to be as it is. Migrations are numbered by their place and never changed again."""

from __future__ import annotations

_RUNS = (
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        command TEXT NOT NULL,
        asked TEXT NOT NULL,
        profile TEXT,
        pid INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
        started_at TEXT NOT NULL,
        ended_at TEXT,
        reused INTEGER NOT NULL,
        resumes TEXT
    ) STRICT
    """,
    """
    CREATE TABLE tasks (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        step TEXT NOT NULL,
        partition TEXT,
        status TEXT NOT NULL CHECK (
            status IN ('waiting', 'running', 'materialized', 'reused', 'failed', 'skipped', 'interrupted')
        ),
        elapsed REAL,
        rows INTEGER,
        size INTEGER,
        PRIMARY KEY (run, place)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE attempts (
        run INTEGER NOT NULL,
        place INTEGER NOT NULL,
        number INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('running', 'materialized', 'reused', 'failed', 'interrupted')),
        started_at TEXT NOT NULL,
        elapsed REAL,
        failure TEXT,
        PRIMARY KEY (run, place, number),
        FOREIGN KEY (run, place) REFERENCES tasks (run, place) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
)


def _one_of(*states: str) -> str:
    """Alternatives one by one: for an ``IN``, SQLite fills a table for each row that it checks."""
    return " OR ".join(f"status = '{state}'" for state in states)


_QUICK_CHECKS = (
    f"""
    CREATE TABLE new_tasks (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        step TEXT NOT NULL,
        partition TEXT,
        status TEXT NOT NULL CHECK (
            {_one_of("waiting", "running", "materialized", "reused", "failed", "skipped", "interrupted")}
        ),
        elapsed REAL,
        rows INTEGER,
        size INTEGER,
        PRIMARY KEY (run, place)
    ) STRICT, WITHOUT ROWID
    """,
    f"""
    CREATE TABLE new_attempts (
        run INTEGER NOT NULL,
        place INTEGER NOT NULL,
        number INTEGER NOT NULL,
        status TEXT NOT NULL CHECK ({_one_of("running", "materialized", "reused", "failed", "interrupted")}),
        started_at TEXT NOT NULL,
        elapsed REAL,
        failure TEXT,
        PRIMARY KEY (run, place, number),
        FOREIGN KEY (run, place) REFERENCES new_tasks (run, place) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO new_tasks SELECT run, place, step, partition, status, elapsed, rows, size FROM tasks",
    "INSERT INTO new_attempts SELECT run, place, number, status, started_at, elapsed, failure FROM attempts",
    "DROP TABLE attempts",
    "DROP TABLE tasks",
    "ALTER TABLE new_tasks RENAME TO tasks",
    "ALTER TABLE new_attempts RENAME TO attempts",
)

_LAST_ATTEMPT_IN_ITS_TASK = (
    "ALTER TABLE tasks ADD COLUMN attempt INTEGER",
    "ALTER TABLE tasks ADD COLUMN started_at TEXT",
    "ALTER TABLE tasks ADD COLUMN failure TEXT",
    """
    UPDATE tasks SET attempt = last.number, started_at = last.started_at, failure = last.failure,
    status = CASE last.status WHEN 'running' THEN 'running' ELSE tasks.status END
    FROM (
        SELECT run, place, max(number) AS number, status, started_at, failure FROM attempts GROUP BY run, place
    ) AS last
    WHERE last.run = tasks.run AND last.place = tasks.place
    AND NOT (tasks.status IN ('waiting', 'interrupted') AND last.status = 'failed')
    """,
    """
    DELETE FROM attempts WHERE number = (
        SELECT attempt FROM tasks WHERE tasks.run = attempts.run AND tasks.place = attempts.place
    )
    """,
    """
    CREATE VIEW all_attempts AS
    SELECT run, place, number, status, started_at, elapsed, failure FROM attempts
    UNION ALL
    SELECT run, place, attempt,
        CASE status WHEN 'skipped' THEN 'reused' WHEN 'waiting' THEN 'materialized' ELSE status END,
        started_at, elapsed, failure
    FROM tasks WHERE attempt IS NOT NULL
    """,
)
"""Most tasks have one attempt: it takes no row of its own. Of what is skipped no function was called; what waits to be
approved is made, and kept aside.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (_RUNS, _QUICK_CHECKS, _LAST_ATTEMPT_IN_ITS_TASK)
"""Statements that lead from each version to the next; an empty file has version 0."""
