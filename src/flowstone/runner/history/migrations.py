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

MIGRATIONS: tuple[tuple[str, ...], ...] = (_RUNS,)
"""Statements that lead from each version to the next; an empty file has version 0."""
