"""A run that finds the project as it was does not read it anew, and never takes an old one for the new."""

import json

import pytest

TEXT = """
import numpy
from flowstone import asset
from helper import rate

@asset
def total(weight: int = 1) -> float:
    return rate() * weight if weight else numpy.pi
"""
TRIED = """
try:
    from lib.deep.rates import rate
except ImportError:
    def rate():
        return 1.5
"""
HELPER = """
from deeper import RATE
def rate():
    return RATE
"""


@pytest.fixture
def project(cli_project):
    root = cli_project(TEXT)
    (root / "helper.py").write_text(HELPER)
    (root / "deeper.py").write_text("RATE = 1.5\n")
    return root


@pytest.fixture
def reads(monkeypatch):
    """How often the project was read from its sources."""
    from flowstone.cli import stores, wanted

    calls = []
    original = wanted.sound_project
    for module in (stores, wanted):
        monkeypatch.setattr(module, "sound_project", lambda settings: calls.append(1) or original(settings))
    return calls


def status(call):
    result = call("plan", "--output-format", "json")
    (task,) = json.loads(result.stdout)["tasks"]
    return task["action"], [reason["kind"] for reason in task["reasons"]]


def test_the_second_time_it_is_not_read(call, reads):
    call("run", "--executor", "process")
    call("run", "--executor", "process")
    assert status(call) == ("reuse", [])
    assert len(reads) == 1


def test_only_a_run_keeps_it_and_values_of_the_command_line_are_not_kept(call, reads, project):
    call("plan")
    call("run", "--set", "total.weight=3")
    assert not (project / ".flowstone" / "cache" / "projects").exists()
    call("run")
    call("run", "--set", "total.weight=3")
    assert status(call) == ("run", ["configuration changed"])
    assert len(reads) == 3


@pytest.mark.parametrize(
    "command",
    ["status", "ls", "graph", "lineage total", "calendar", "verify", "decisions", "signals", "clean"],
)
def test_commands_that_look_at_a_project_do_not_read_it_after_a_run(call, reads, project, command):
    call("run")
    call(*command.split())
    assert len(reads) == 1
    (project / "deeper.py").write_text("RATE = 2.5\n")
    call(*command.split())
    assert len(reads) == 2


def test_what_they_say_is_the_same(call, reads, project):
    commands = (
        ["status"],
        *(["graph", "--output-format", form] for form in ("text", "mermaid", "dot", "svg")),
        *(["ls", "--output-format", form] for form in ("text", "json", "ir")),
    )
    call("run")
    kept = [call(*command).stdout for command in commands]
    read = len(reads)
    for file in (project / ".flowstone" / "cache" / "projects").iterdir():
        file.unlink()
    assert [call(*command).stdout for command in commands] == kept
    assert len(reads) == read + len(commands)


@pytest.mark.parametrize(
    ("name", "text", "kinds"),
    [
        ("deeper.py", "RATE = 2.5\n", ["code changed"]),
        ("helper.py", HELPER.replace("return RATE", "return RATE + 1"), ["code changed"]),
        ("helper.py", HELPER + "# a comment\n", []),
        ("helper/__init__.py", "def rate():\n    return 7\n", ["code changed"]),
    ],
)
def test_an_edit_anywhere_is_seen(call, reads, project, name, text, kinds):
    call("run")
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert status(call) == ("run" if kinds else "reuse", kinds)
    assert len(reads) == 2


def test_a_module_that_comes_into_a_folder_where_none_was_read_is_seen(call, reads, project):
    (source,) = project.glob("cli_*.py")
    text = source.read_text().replace("from helper import rate", TRIED)
    source.write_text(text)
    (project / "lib/deep").mkdir(parents=True)
    call("run")
    (project / "lib/deep/rates.py").write_text("def rate():\n    return 2.5\n")
    assert status(call) == ("run", ["code changed"])
    assert len(reads) == 2


def test_pins_and_the_configuration_are_seen(call, reads, project):
    (project / "requirements.txt").write_text("numpy==1.0\n")
    call("run")
    (project / "requirements.txt").write_text("numpy==2.0\n")
    assert status(call) == ("run", ["code changed"])
    call("run")
    with (project / "flowstone.toml").open("a") as file:
        file.write("[params.total]\nweight = 4\n")
    assert status(call) == ("run", ["configuration changed"])
    assert len(reads) == 4


def test_a_mistake_that_comes_in_is_found(call, project):
    call("run")
    module = next(project.glob("cli_*.py"))
    module.write_text(module.read_text() + "\n@asset\ndef bad(not_there: int) -> int:\n    return 1\n")
    assert "FS106" in call("run", code=1).stderr


@pytest.mark.parametrize("damage", ["cache", "manifest", "gone"])
def test_a_cache_that_is_damaged_is_as_good_as_none(call, reads, project, damage):
    call("run")
    cache = project / ".flowstone" / "cache"
    (kept,), (manifest,) = (cache / "projects").iterdir(), (cache / "manifests").iterdir()
    if damage == "gone":
        manifest.unlink()
    else:
        path = kept if damage == "cache" else manifest
        path.write_text(path.read_text()[:-20])
    call("run", "--executor", "process", "--force")
    assert len(reads) == 2
