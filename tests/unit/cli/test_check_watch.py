"""``flowstone check --watch``, as a process whose project somebody edits."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

GOOD = "from flowstone import asset\n\n\n@asset\ndef orders() -> int:\n    return 1\n"
BAD = GOOD.replace("-> int", "")
PATIENCE = 60
"""Seconds after which a text that does not come is a failure."""


class Watched:
    """A running ``check --watch`` and what it has printed."""

    def __init__(self, process: subprocess.Popen, output: int) -> None:
        self.process = process
        self._output = output
        self.text = ""

    def read_until(self, *words: str) -> str:
        """What is printed up to the first text that holds all of these."""
        deadline, start = time.monotonic() + PATIENCE, len(self.text)
        while not all(word in self.text[start:] for word in words):
            ready, _, _ = select.select([self._output], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"not printed in time: {words}; printed: {self.text[start:]!r}"
            data = os.read(self._output, 65536)
            assert data, f"ended without printing {words}; printed: {self.text[start:]!r}"
            self.text += data.decode()
        return self.text[start:]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "orders.py").write_text(GOOD)
    return tmp_path


@pytest.fixture
def watch(project):
    """Starts the command; what it prints, to stdout and stderr, goes to a pipe or to a terminal."""
    started: list[subprocess.Popen] = []
    opened: list[int] = []

    def start(*arguments: str, terminal: bool = False) -> Watched:
        ours, theirs = pty.openpty() if terminal else os.pipe()
        opened.append(ours)
        command = [sys.executable, "-m", "flowstone", "check", "--watch", *arguments]
        variables = {"PATH": os.environ["PATH"], "TERM": "xterm"}
        process = subprocess.Popen(command, cwd=project, env=variables, stdout=theirs, stderr=theirs)
        os.close(theirs)
        started.append(process)
        return Watched(process, ours)

    yield start
    for process in started:
        process.kill()
        process.wait(PATIENCE)
    for handle in opened:
        os.close(handle)


def test_every_edit_is_checked(project, watch):
    watched = watch("--output-format", "concise")
    assert "The asset is fine." in watched.read_until("Watching")

    (project / "pipelines" / "orders.py").write_text(BAD)
    assert "pipelines/orders.py:5:5: FS302" in watched.read_until("Found 1 warning", "Watching")
    (project / "pipelines" / "orders.py").write_text(GOOD)
    watched.read_until("The asset is fine.", "Watching")
    (project / "pipelines" / "more.py").write_text(BAD.replace("orders", "more"))
    assert "pipelines/more.py:5:5: FS302" in watched.read_until("Found 1 warning", "Watching")
    (project / "pipelines" / "more.py").unlink()
    watched.read_until("The asset is fine.", "Watching")
    (project / "flowstone.toml").write_text("sources = 1\n")
    watched.read_until("error: flowstone.toml:1: 'sources' must be", "Watching")
    (project / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    watched.read_until("The asset is fine.", "Watching")

    assert watched.interrupt() == 130


def test_other_files_are_nothing_to_it(project, watch):
    watched = watch("--output-format", "concise")
    watched.read_until("Watching")

    (project / "notes.txt").write_text("x")
    (project / ".hidden").mkdir()
    (project / ".hidden" / "x.py").write_text("def (:")
    (project / "node_modules").mkdir()
    (project / "node_modules" / "x.py").write_text("def (:")
    (project / "pipelines" / "orders.py").write_text(BAD)

    assert watched.read_until("Watching").count("Found") == 1


def test_a_terminal_is_cleared(project, watch):
    watched = watch(terminal=True)
    assert "\x1b[2J" in watched.read_until("Watching")

    (project / "pipelines" / "orders.py").write_text(BAD)
    text = watched.read_until("Found 1 warning", "Watching")

    assert text.index("\x1b[2J") < text.index("FS302")
    assert watched.interrupt() == 130
    assert b"Traceback" not in watched.text.encode()


def test_without_the_package_it_says_what_to_install(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    monkeypatch.chdir(project)

    result = CliRunner().invoke(cli, ["check", "--watch"])

    assert result.exit_code == 2
    assert "pip install 'flowstone[watch]'" in result.stderr


@pytest.mark.parametrize(("arguments", "words"), [(["--stdin-filename", "a.py"], "do not go together")])
def test_wrong_usage_exits_2(project, monkeypatch, arguments, words):
    monkeypatch.chdir(project)

    result = CliRunner().invoke(cli, ["check", "--watch", *arguments])

    assert result.exit_code == 2
    assert words in result.stderr


def test_without_a_project_it_exits_2(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))

    assert CliRunner().invoke(cli, ["check", "--watch"]).exit_code == 2


def test_it_is_imported_only_there(project):
    code = f"import sys; from flowstone.cli import main; sys.argv = ['flowstone', 'check', '-C', {str(project)!r}]\n"
    code += (
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\nassert 'watchfiles' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
