"""What people do wrong, and what machines refuse: a clear message and exit code 2, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASSET = "from flowstone import asset\n\n\n@asset\ndef orders() -> int:\n    return 1\n"
WRONG = ASSET.replace("-> int", "")
SOURCES = 'sources = ["pipelines"]\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flowstone.toml").write_text(SOURCES)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "orders.py").write_text(ASSET)
    return tmp_path


def flowstone(folder: Path, *arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a process; ``shell`` is what a shell appends to it."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    command = [sys.executable, "-m", "flowstone", *arguments]
    if shell:
        command = ["sh", "-c", f'"$0" "$@" {shell}', *command]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False, timeout=120)


def assert_told(result: subprocess.CompletedProcess[bytes], words: str, exit_code: int = 2) -> None:
    told = result.stderr.decode(errors="replace")
    assert (result.returncode, words in told) == (exit_code, True), told
    assert "Traceback" not in told
    assert "Exception ignored" not in told


LONG = "x" * 5000


@pytest.mark.parametrize(
    ("config", "command", "words"),
    [
        (
            f"sources = ['{LONG}']",
            "check",
            "flowstone.toml:1: the path in 'sources' cannot be looked at: File name too",
        ),
        (f"{SOURCES}templates = '{LONG}'", "check", "flowstone.toml:2: the path in 'templates' cannot be looked at"),
        (f'{SOURCES}local.output = "a\\u0000b"', "compile --target local", "flowstone.toml:2: 'local.output' must be"),
        (f'{SOURCES}name = "a\\u0000b"', "run", "flowstone.toml:2: 'name' must be a text"),
        (f"{SOURCES}local.output = '{LONG}'", "compile --target local", "File name too long"),
        (f"{SOURCES}io_managers.local.root = '{LONG}'", "config show", ""),
    ],
)
def test_a_configuration_that_no_machine_can_follow(project, config, command, words):
    (project / "flowstone.toml").write_text(config)

    if words:
        assert_told(flowstone(project, *command.split()), words)
    else:
        assert flowstone(project, *command.split()).returncode == 0


@pytest.mark.parametrize("command", ["check", "ls", "config show", "compile --target local", "run"])
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FLOWSTONE_HOME", "~nobody-of-this-name/x", "FLOWSTONE_HOME"),
        ("FLOWSTONE_NAME", "\udcff", "the variable FLOWSTONE_NAME is no text"),
        ("FLOWSTONE_IO_MANAGERS__LOCAL__ROOT", "\udcff", "the variable FLOWSTONE_IO_MANAGERS__LOCAL__ROOT is no text"),
        ("FLOWSTONE_SOURCES", "[" * 5000, "in 'sources' cannot be looked at"),
    ],
)
def test_variables_that_make_no_sense(project, command, variable, value, words):
    assert_told(flowstone(project, *command.split(), **{variable: value}), words)


@pytest.mark.parametrize("home", ["/dev/null/x", "pipelines/orders.py", LONG])
def test_a_state_folder_that_cannot_be_made(project, home):
    assert flowstone(project, "check", FLOWSTONE_HOME=home).returncode == 0
    assert_told(flowstone(project, "run", FLOWSTONE_HOME=home), "error: ")


@pytest.mark.parametrize("output_format", ["text", "concise", "json", "sarif"])
def test_stdout_that_is_closed(project, output_format):
    (project / "pipelines" / "orders.py").write_text(WRONG)

    result = flowstone(project, "check", "--output-format", output_format, shell=">&-")

    assert_told(result, "Found 1 warning in 1 file", exit_code=1)


@pytest.mark.parametrize("command", ["check", "check --output-format json", "config show", "explain FS301", "--help"])
def test_a_disk_that_is_full(project, command):
    (project / "pipelines" / "orders.py").write_text(WRONG)

    assert_told(flowstone(project, *command.split(), shell=">/dev/full"), "error: No space left on device")


def test_a_current_folder_that_is_gone(project):
    command = f'"{sys.executable}" -m flowstone'
    (project / "gone").mkdir()
    (project / "pipelines" / "orders.py").write_text(WRONG)
    program = f"cd gone && rmdir ../gone && {command} check; {command} check -C '{project}'"

    result = subprocess.run(
        ["sh", "-c", program], cwd=project, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False
    )

    assert_told(result, "error: the current folder is gone", exit_code=1)
    assert result.stdout.decode().startswith(f"{project}/pipelines/orders.py:5:5: FS302")


def test_a_folder_whose_name_is_no_text(project):
    folder = Path(os.fsdecode(os.fsencode(project) + b"/\xff"))
    (folder / "pipelines").mkdir(parents=True)
    (folder / "flowstone.toml").write_text(SOURCES)
    (folder / "pipelines" / "orders.py").write_text(ASSET)

    for command in ("check", "compile --target local", "run", "config show"):
        result = flowstone(folder, *command.split())
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("place", [".", "flowstone.toml", "nowhere", "pipelines/orders.py"])
def test_a_project_that_is_none(project, place, tmp_path_factory):
    if place == ".":
        result = flowstone(tmp_path_factory.mktemp("empty"), "check")
        assert_told(result, "there is no configuration in")
    else:
        assert_told(flowstone(project, "check", "-C", place), f"'{place}'")


def test_a_locale_that_knows_ascii_only(project):
    (project / "pipelines" / "größe.py").write_text(WRONG.replace("orders", "size"), encoding="utf-8")
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    for output_format in ("text", "concise", "json", "jsonl", "sarif", "github", "junit"):
        result = flowstone(project, "check", "--output-format", output_format, **bare)
        assert_told(result, "Found 1 warning in 1 file", exit_code=1)
        assert result.stdout.isascii()
