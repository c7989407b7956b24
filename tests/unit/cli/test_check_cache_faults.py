"""Whatever happens to the cache, a check finds what it finds without one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowstone.cli import surroundings
from flowstone.cli.check_run import find
from flowstone.config import load_settings

HEAD = "from flowstone import asset\n\n\n"
ORDERS = f"{HEAD}@asset\ndef orders() -> int:\n    return 1\n"
REPORT = f"{HEAD}@asset\ndef report(orders: str) -> int:\n    return 2\n"
PLAIN = f"{HEAD}@asset\ndef alone() -> int:\n    return 3\n"
EDITS = {
    "nothing": ORDERS,
    "a body": ORDERS.replace("return 1", "return 10"),
    "a declaration": ORDERS.replace("@asset", "@asset(group='sales')"),
    "what breaks another file": ORDERS.replace("orders", "invoices"),
    "what mends another file": ORDERS.replace("int", "str"),
    "a syntax error": f"{ORDERS}x = (\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pipelines").mkdir()
    for name, text in (("orders", ORDERS), ("report", REPORT), ("plain", PLAIN)):
        (tmp_path / f"pipelines/{name}.py").write_text(text)
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    return tmp_path


def found(project: Path, *, use_cache: bool = True) -> tuple[object, int]:
    result = find(load_settings(project, environment={}), use_cache=use_cache)
    return result.diagnostics, result.assets


def entries(project: Path) -> dict[str, Path]:
    """The files of the cache by what they hold."""
    paths = (project / ".flowstone/cache/check").glob("[!.]*")
    return {path.name.partition(".")[2]: path for path in paths}


def edit(project: Path, text: str) -> None:
    (project / "pipelines/orders.py").write_text(text)


def check_it(project: Path) -> None:
    """Twice with the cache, and in between another edit and back."""
    now = (project / "pipelines/orders.py").read_text()
    for text in (now, EDITS["a declaration"], now):
        edit(project, text)
        assert found(project) == found(project, use_cache=False)


@pytest.mark.parametrize("name", ["json", "texts", "project.json"])
@pytest.mark.parametrize("text", EDITS.values(), ids=EDITS)
def test_a_damaged_file(project: Path, name: str, text: str) -> None:
    chance = random.Random(name)
    found(project)
    whole = {key: path.read_bytes() for key, path in entries(project).items()}
    assert whole.keys() == {"json", "texts", "project.json"}
    path = entries(project)[name]
    for damage in range(8):
        edit(project, ORDERS)
        for key, data in whole.items():
            entries(project)[key].write_bytes(data)
        data, place = whole[name], chance.randrange(len(whole[name]))
        flipped = data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
        path.write_bytes(flipped if damage % 2 else data[:place])
        edit(project, text)
        assert found(project) == found(project, use_cache=False)


@pytest.mark.parametrize("text", EDITS.values(), ids=EDITS)
def test_files_that_do_not_belong_together(project: Path, text: str) -> None:
    found(project)
    old = {key: path.read_bytes() for key, path in entries(project).items()}
    edit(project, text)
    found(project)
    for key in old:
        entries(project)[key].write_bytes(old[key])
        check_it(project)


@pytest.mark.parametrize("name", ["json", "texts", "project.json"])
def test_a_folder_in_place_of_a_file(project: Path, name: str) -> None:
    found(project)
    path = entries(project)[name]
    path.unlink()
    path.mkdir()
    check_it(project)


def test_an_entry_of_another_version(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "__version__", "0.0.0")
    found(project)
    before = {key: path.read_bytes() for key, path in entries(project).items()}
    monkeypatch.undo()
    edit(project, EDITS["a declaration"])
    check_it(project)
    assert all(path.read_bytes() != before[key] for key, path in entries(project).items())


def test_a_folder_in_which_nothing_can_be_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    found(project)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    for text in EDITS.values():
        edit(project, text)
        check_it(project)


def test_many_checks_at_once(project: Path) -> None:
    for text in (*EDITS.values(), ORDERS):
        edit(project, text)
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: found(project), range(8)))
        assert all(result == found(project, use_cache=False) for result in results)
    assert not list((project / ".flowstone/cache/check").glob("*.tmp"))


KILLED = """
import os, signal, sys
from pathlib import Path
project, step, moment = sys.argv[1:]
calls = 0
def replace(self, target, whole=Path.replace):
    global calls
    calls += 1
    if calls == int(step):
        if moment == "half":
            self.write_bytes(self.read_bytes()[:1000])
        if moment == "after":
            whole(self, target)
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, target)
Path.replace = replace
sys.argv = ["flowstone", "check", "-C", project]
from flowstone.cli import main
main()
"""


@pytest.mark.parametrize("moment", ["half", "before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_check_that_is_killed_while_it_writes(project: Path, step: int, moment: str) -> None:
    found(project)
    (project / "pipelines/new.py").write_text(f"{HEAD}@asset\ndef new(orders: int) -> int: ...\n")
    (project / "beside.py").write_text("")  # what may be imported besides makes the whole be read again
    edit(project, EDITS["what mends another file"])
    done = subprocess.run([sys.executable, "-c", KILLED, str(project), str(step), moment], check=False)
    assert done.returncode == -signal.SIGKILL
    left = list((project / ".flowstone/cache/check").glob(".check-*"))
    assert len(left) == (moment != "after")
    check_it(project)
    for path in left:
        os.utime(path, (0, 0))
    edit(project, EDITS["a declaration"])
    found(project)
    assert not list((project / ".flowstone/cache/check").glob(".check-*"))
