"""``flowstone check --stdin-filename``: what an editor has and the disk has not."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

ORDERS = "from flowstone import asset\n\n\n@asset\ndef orders() -> list[int]:\n    return [1, 2]\n"
REVENUE = "from flowstone import asset\n\n\n@asset\ndef revenue(orders: list[int]) -> int:\n    return sum(orders)\n"
WRONG = REVENUE.replace("orders: list[int]", "orders: list[str]")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "orders.py").write_text(ORDERS)
    (tmp_path / "pipelines" / "revenue.py").write_text(REVENUE)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLOWSTONE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def check(name, text, *arguments):
    data = text if isinstance(text, bytes) else text.encode()
    return CliRunner().invoke(cli, ["check", "--stdin-filename", str(name), *arguments], input=data)


def cached(project):
    return sorted(path for path in (project / ".flowstone").rglob("*") if path.is_file() and path.name != ".gitignore")


@pytest.mark.parametrize("warm", [False, True])
def test_the_text_of_stdin_counts_and_its_lines_are_shown(project, warm):
    if warm:
        assert CliRunner().invoke(cli, ["check"]).exit_code == 0

    result = check("pipelines/revenue.py", f"# a comment\n{WRONG}")

    assert result.exit_code == 1
    assert result.stdout.startswith("pipelines/revenue.py:6:13: FS301 [error] 'revenue' takes 'orders' as list[str]")
    assert "    6 | def revenue(orders: list[str]) -> int:" in result.stdout
    assert result.stderr == "Found 1 error in 1 file.\n"


def test_only_the_findings_of_that_file_are_shown(project):
    (project / "pipelines" / "revenue.py").write_text(WRONG)

    result = check("pipelines/orders.py", f"{ORDERS}\n@asset\ndef more(): ...\n")

    assert result.exit_code == 1
    assert "FS302" in result.stdout
    assert "FS301" not in result.stdout
    assert check("pipelines/orders.py", ORDERS).exit_code == 0


def test_other_files_are_judged_by_the_new_text(project):
    result = check("pipelines/revenue.py", REVENUE.replace("orders", "order"), "--output-format", "json")

    (item,) = json.loads(result.stdout)
    assert (item["code"], item["help"]) == ("FS106", "did you mean 'orders'?")


def test_nothing_is_kept(project):
    assert check("pipelines/revenue.py", WRONG).exit_code == 1
    assert cached(project) == []
    assert CliRunner().invoke(cli, ["check"]).exit_code == 0
    before = {path: path.read_bytes() for path in cached(project)}
    assert before

    assert check("pipelines/revenue.py", WRONG).exit_code == 1
    assert check("pipelines/revenue.py", REVENUE).exit_code == 0

    assert {path: path.read_bytes() for path in cached(project)} == before
    assert CliRunner().invoke(cli, ["check"]).exit_code == 0


def test_a_file_that_was_never_saved_is_part_of_the_project(project):
    result = check("pipelines/new.py", WRONG.replace("revenue", "profit"))

    assert result.exit_code == 1
    assert result.stdout.startswith("pipelines/new.py:5:12: FS301")
    assert not (project / "pipelines" / "new.py").exists()


@pytest.mark.parametrize("name", ["elsewhere.py", "tests/test_orders.py"])
def test_a_file_outside_of_the_project_is_left_alone(project, name):
    result = check(name, "def (:\n")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{name} is not part of the project.\n"


def test_a_good_file_is_told(project):
    result = check("pipelines/orders.py", ORDERS)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "pipelines/orders.py is fine.\n"


def test_the_project_is_that_of_the_file(project, monkeypatch):
    path = project / "pipelines" / "revenue.py"
    monkeypatch.chdir("/")

    assert "FS301" in check(path, WRONG).stdout
    assert "FS301" in check(path, WRONG, "-C", str(project)).stdout


def test_a_link_to_the_project_leads_to_its_files(project, monkeypatch, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(project)

    assert "FS301" in check(link / "pipelines" / "revenue.py", WRONG).stdout


def test_a_syntax_error_while_one_types(project):
    result = check("pipelines/revenue.py", "def (:\n", "--output-format", "concise")

    assert result.exit_code == 1
    assert result.stdout == "pipelines/revenue.py:1:5: FS001 [error] syntax error: invalid syntax\n"


def test_line_ends_and_marks_are_read_as_in_files(project):
    result = check("pipelines/revenue.py", b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())

    assert result.stdout.startswith("pipelines/revenue.py:5:13: FS301")


@pytest.mark.parametrize("data", [b"a = '\xff'\n", b"a = 1\0\n", b"# coding: nonsense\n"])
def test_what_is_no_source_text_is_told(project, data):
    result = check("pipelines/revenue.py", data)

    assert result.exit_code == 2
    assert "error: the text of pipelines/revenue.py on stdin" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "name", ["pipelines", "pipelines/.hidden/a.py", "pipelines/node_modules/a.py", "pipelines/venv/lib/a.py", "."]
)
def test_what_is_never_read_from_the_disk_is_not_read_from_stdin(project, name):
    (project / "pipelines" / "venv").mkdir()
    (project / "pipelines" / "venv" / "pyvenv.cfg").touch()

    result = check(name, "def (:\n")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{name} is not part of the project.\n"
