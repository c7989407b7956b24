"""A run of 200 assets that is killed again and again: nothing is torn, made twice, left behind or forgotten.

What was made, and what it must be, is known without asking FlowStone: bodies append a line to a file, each by one
write, and the values follow from the numbers of the assets.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from flowstone.config.model import IoManagerSettings, Settings
from flowstone.frontend import load
from flowstone.ir.manifest import make_manifest
from tests.robustness.soak import SOAK

ASSETS = 200
KILLS = 300 if SOAK else 6
WORKERS = 2
LONGEST = 2.5
"""Seconds after which a run is killed at the latest; most of them take longer."""
MARK = "FLOWSTONE_TEST_RUN"

HEAD = """
import os, time
from pathlib import Path
from flowstone import asset

LOG = Path(__file__).with_name("log")
PAD = "x" * 20_000

def ran(name):
    number = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{name}\\n".encode())
    os.close(number)
    time.sleep(0.005)
"""
SCRIPT = """
import sys
from pathlib import Path
from flowstone.runner.job import main
sys.exit(main(Path(sys.argv[1]), "all", sys.argv[2].split(), sys.argv[3:]))
"""


def needs(number: int) -> list[int]:
    return [number - step for step in (1, 7) if number >= step]


def source() -> str:
    parts = [HEAD]
    for number in range(ASSETS):
        parameters = ", ".join(f"a{need}: dict[str, object]" for need in needs(number))
        terms = " + ".join([f"a{need}['n']" for need in needs(number)] or ["1"])
        parts.append(
            f"@asset\ndef a{number}({parameters}) -> dict[str, object]:\n"
            f"    ran('a{number}')\n    return {{'n': ({terms}) % 1_000_003, 'pad': PAD}}\n"
        )
    return "\n\n".join(parts)


def values() -> dict[str, int]:
    found: list[int] = []
    for number in range(ASSETS):
        found.append((sum(found[need] for need in needs(number)) or 1) % 1_000_003)
    return {f"a{number}": value for number, value in enumerate(found)}


class Project:
    """The project in a folder, and what is known of its runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pipeline.py").write_text(source())
        settings = Settings(
            name="kills",
            root=root,
            home=root / ".flowstone",
            sources=("pipeline.py",),
            io_managers={"local": IoManagerSettings("filesystem")},
        )
        project = load(settings).project
        self.steps = " ".join(project.steps)
        self.manifest = root / "flowstone.json"
        self.manifest.write_text(make_manifest(project, None).text())
        self.data = root / ".flowstone" / "data" / "local"
        self.state = root / ".flowstone" / "state.db"
        self.expected = values()

    def start(self, mark: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SCRIPT, str(self.manifest), self.steps, "--workers", str(WORKERS), *arguments]
        return subprocess.Popen(
            command,
            env={**os.environ, "FLOWSTONE_PROJECT_ROOT": str(self.root), MARK: mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def ran(self) -> list[str]:
        """The bodies that were begun, in order."""
        log = self.root / "log"
        return log.read_text().split() if log.exists() else []

    def recorded(self) -> dict[str, str]:
        """The version of each value that has a record."""
        folder = self.data / ".records" / "assets"
        names = folder.glob("*.json") if folder.exists() else ()
        return {path.stem: json.loads(path.read_bytes())["data_version"] for path in names}

    def demand_whole(self) -> None:
        """Every file at its final name is whole, and what has a record is what that says."""
        for path in self.data.glob("a*.json"):
            assert json.loads(path.read_bytes())["n"] == self.expected[path.stem], path.name
        for name, version in self.recorded().items():
            content = (self.data / f"{name}.json").read_bytes()
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == version, name

    def demand_sound_history(self) -> None:
        if self.state.exists():
            with closing(sqlite3.connect(self.state)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def demand_complete(self) -> None:
        self.demand_whole()
        assert self.recorded().keys() == self.expected.keys()
        left = [path.name for path in self.data.rglob("*.tmp")]
        assert left == []
        with closing(sqlite3.connect(self.state)) as connection:
            assert connection.execute("SELECT status FROM runs ORDER BY number DESC").fetchone() == ("done",)

    def clear(self) -> None:
        """Begin anew; the history stays."""
        for path in (*self.data.glob("a*.json"), *(self.data / ".records" / "assets").glob("*.json")):
            path.unlink()
        (self.root / "log").unlink()


def living(mark: str) -> list[int]:
    """The processes that were started for a run."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def demand_none_left(mark: str) -> None:
    """Within five seconds nothing of a run lives any more."""
    deadline = time.monotonic() + 5
    while left := living(mark):
        assert time.monotonic() < deadline, f"still alive: {left}"
        time.sleep(0.02)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_run_may_be_killed_at_any_moment(project, capsys):
    chance = random.Random(20261127)
    kills = complete = repeated = 0
    finished: set[str] = set()
    while kills < KILLS:
        before = len(project.ran())
        process = project.start(str(kills))
        try:
            _, err = process.communicate(timeout=chance.uniform(0, LONGEST))
            assert process.returncode == 0, err.decode()
        except subprocess.TimeoutExpired:
            kill = chance.choice([os.kill, os.killpg])
            kill(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            demand_none_left(str(kills - 1))
        again = finished.intersection(project.ran()[before:])
        assert not again, f"made again after kill {kills}: {sorted(again)}"
        project.demand_whole()
        project.demand_sound_history()
        finished = set(project.recorded())
        if process.returncode == 0:
            project.demand_complete()
            repeated += sum(Counter(project.ran()).values()) - ASSETS
            complete += 1
            finished = set()
            project.clear()
    process = project.start("end")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    project.demand_complete()
    repeated += len(project.ran()) - ASSETS
    assert repeated <= kills * WORKERS
    if SOAK:
        with capsys.disabled():
            sys.stdout.write(f"{kills} kills, {complete + 1} complete runs, {repeated} bodies begun again\n")


def test_of_two_runs_at_once_one_is_refused_and_each_body_runs_once(project):
    first, second = project.start("first"), project.start("second")
    errors = [process.communicate(timeout=300)[1].decode() for process in (first, second)]
    codes = sorted((first.returncode, second.returncode))
    assert codes in ([0, 0], [0, 2]), errors
    if codes == [0, 2]:
        refused = errors[0] if first.returncode else errors[1]
        assert "is making a0" in refused
    project.demand_complete()
    assert Counter(project.ran()) == Counter(project.expected.keys())


def test_a_full_disk_ends_the_run_by_name_and_the_same_command_goes_on(project):
    """The limit is on the size of files: the store's are below it, the log and the history go over it."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n{SCRIPT}"
    command = [sys.executable, "-c", limited, str(project.manifest), project.steps, "--executor", "inline"]
    environment = {**os.environ, "FLOWSTONE_PROJECT_ROOT": str(project.root)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "state.db" in result.stderr
    assert "Traceback" not in result.stderr
    project.demand_whole()
    project.demand_sound_history()
    finished = set(project.recorded())
    assert finished
    before = len(project.ran())
    process = project.start("again")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    assert not finished.intersection(project.ran()[before:])
    project.demand_complete()
