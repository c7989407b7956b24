"""``flowstone dev`` is killed again and again: each request of a sensor becomes one run, and none is lost."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.robustness.soak import SOAK
from tests.unit.cli.test_dev import Dev, lines, write

TRIALS = 60 if SOAK else 2
EVENTS = 9
"""It has told about so many when both requests have become runs."""


@pytest.mark.parametrize("trial", range(TRIALS))
def test_nothing_is_started_twice_and_nothing_is_lost_whenever_it_is_killed(tmp_path, trial):
    write(tmp_path)
    moments = random.Random(trial)
    for _ in range(2):
        dev = Dev(tmp_path, "--no-watch")
        for _ in range(moments.randrange(EVENTS)):
            if settled(tmp_path) == 2 or not dev.process.stdout.readline():
                break
        dev.process.kill()
        dev.process.communicate()
    dev = Dev(tmp_path, "--no-watch")
    dev.until("ready")
    while settled(tmp_path) < 2:
        assert dev.process.stdout.readline()
    assert dev.end() == 130
    command = [sys.executable, "-m", "flowstone", "runs", "-C", str(tmp_path), "--output-format", "json"]
    runs = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=dev.environment).stdout)
    asked = [run["command"] for run in runs if "sensor" in run["command"]]
    assert sorted(asked) == ["flowstone dev: sensor files a", "flowstone dev: sensor files b"]
    assert len(lines(tmp_path)) == len(set(lines(tmp_path)))


def settled(root: Path) -> int:
    """How many requests of the sensor have become runs that are over."""
    file = root / ".flowstone/dev.db"
    if not file.exists():
        return 0
    text = "SELECT count(*) FROM starts WHERE source LIKE 'sensor %' AND status NOT IN ('waiting', 'started')"
    with closing(sqlite3.connect(file)) as connection:
        try:
            return int(connection.execute(text).fetchone()[0])
        except sqlite3.OperationalError:  # killed before there was a table
            return 0
