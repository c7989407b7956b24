"""``flowstone check``: formats, selection, exit codes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

CLEAN = """\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders: list[int]) -> int:
    return sum(orders)
"""
WRONG = CLEAN.replace("orders: list[int]", "orders: list[str]").replace("def orders() -> list[int]", "def orders()", 1)
MISMATCH = CLEAN.replace("orders: list[int]", "orders: list[str]")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "example.py").write_text(CLEAN)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLOWSTONE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def write(project: Path, text: str) -> None:
    (project / "pipelines" / "example.py").write_text(text)


def check(*arguments: str):
    return CliRunner().invoke(cli, ["check", *arguments])


@pytest.mark.parametrize("output_format", ["text", "concise", "json", "jsonl", "sarif", "github", "junit"])
def test_a_clean_project_exits_0(project, output_format):
    result = check("--output-format", output_format)

    assert result.exit_code == 0
    assert result.stderr == "All 2 assets fine.\n"
    assert "FS3" not in result.stdout or output_format == "sarif"


@pytest.mark.parametrize("output_format", ["text", "concise", "json", "jsonl", "sarif", "github", "junit"])
def test_an_error_exits_1_and_is_on_stdout(project, output_format):
    write(project, MISMATCH)

    result = check("--output-format", output_format)

    assert result.exit_code == 1
    assert "FS301" in result.stdout
    assert result.stderr == "Found 1 error in 1 file.\n"


def test_a_warning_exits_1(project):
    write(project, CLEAN.replace("def orders() -> list[int]", "def orders()"))

    result = check()

    assert result.exit_code == 1
    assert result.stdout.startswith("pipelines/example.py:5:5: FS302 [warning] ")
    assert result.stderr == "Found 1 warning in 1 file; 1 fixable with --fix --unsafe-fixes.\n"


def test_quiet_prints_findings_only(project):
    assert check("--quiet").output == ""
    write(project, MISMATCH)

    result = check("-q")

    assert result.stderr == ""
    assert "FS301" in result.stdout


def test_select_and_ignore_take_beginnings_of_codes(project):
    write(project, MISMATCH)

    assert check("--select", "FS2").exit_code == 0
    assert check("--select", "FS2", "--select", "FS301").exit_code == 1
    assert check("--ignore", "FS3").exit_code == 0
    assert check("--ignore", "type-mismatch").exit_code == 0


def test_the_configuration_selects_too_and_options_replace_it(project):
    write(project, MISMATCH)
    (project / "flowstone.toml").write_text('sources = ["pipelines"]\nignore = ["FS301"]\n')

    assert check().exit_code == 0
    assert check("--ignore", "FS2").exit_code == 1


def test_strict_asks_for_annotations(project):
    write(project, "from flowstone import asset\n\n\n@asset\ndef orders(size=3) -> int:\n    return size\n")

    assert check().exit_code == 0
    assert "FS314" in check("--strict").stdout
    assert "FS314" in check("--select", "FS314").stdout
    assert check("--strict", "--ignore", "FS314").exit_code == 0
    assert check().exit_code == 0


def test_a_path_has_its_own_rules(project):
    write(project, MISMATCH)
    for table, exit_code in [
        ("[per_path_ignores]\n'pipelines/**' = ['FS301']", 0),
        ("[per_path_ignores]\n'other/**' = ['FS301']", 1),
        ("[per_path_severity.'example.py']\nFS301 = 'info'", 0),
        ("[severity]\ntype-mismatch = 'warning'", 1),
    ]:
        (project / "flowstone.toml").write_text(f'sources = ["pipelines"]\n{table}\n')
        assert check().exit_code == exit_code, table
    assert "FS301 [warning]" in check().stdout


def test_what_cannot_be_ignored_is_told_with_its_line(project):
    (project / "flowstone.toml").write_text('sources = ["pipelines"]\nignore = ["FS202"]\n')

    for command in ("check", "ls"):
        result = CliRunner().invoke(cli, [command])
        assert result.exit_code == 2
        assert "error: flowstone.toml:2: FS202 cannot be ignored\n" in result.stderr


def test_a_comment_for_a_rule_that_is_off_is_not_unused(project):
    write(project, CLEAN.replace("-> int:", "-> int:  # flowstone: ignore[FS301]"))

    assert "FS011" in check().stdout
    assert check().exit_code == 1
    assert check("--ignore", "FS301").exit_code == 0
    assert check("--select", "FS011").exit_code == 0
    assert check("--select", "FS011,FS301").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "FS31x"], "did you mean 'FS31"),
        (["--ignore", "cycel"], "did you mean 'cycle'"),
        (["--output-format", "xml"], "'xml' is not one of"),
        (["--no-such-option"], "No such option"),
        (["-C", "nowhere"], "does not exist"),
        (["--profile", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_exits_2_and_prints_nothing_to_stdout(project, arguments, words):
    result = check(*arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_without_a_project_it_exits_2(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert check().exit_code == 2


def test_paths_lead_from_the_current_folder(project, monkeypatch):
    write(project, MISMATCH)
    (project / "inner").mkdir()

    monkeypatch.chdir(project / "inner")
    assert check().stdout.startswith("../pipelines/example.py:10:")
    assert "file=../pipelines/example.py," in check("--output-format", "github").stdout
    monkeypatch.chdir(project.parent)
    assert check("-C", project.name).stdout.startswith(f"{project.name}/pipelines/example.py:10:")
    assert json.loads(check("-C", project.name, "--output-format", "json").stdout)[0]["file"] == "pipelines/example.py"


@pytest.mark.parametrize("options", [[], ["--no-cache"]])
def test_a_second_check_says_the_same(project, options):
    write(project, MISMATCH)

    first, second = check(*options), check(*options)

    assert first.exit_code == second.exit_code == 1
    assert first.output == second.output
    write(project, CLEAN)
    assert check(*options).exit_code == 0


def test_selection_does_not_spoil_the_cache(project):
    write(project, MISMATCH)

    assert check("--select", "FS2").exit_code == 0
    assert check().exit_code == 1


def test_one_broken_file_does_not_hide_the_others(project):
    write(project, MISMATCH)
    (project / "pipelines" / "broken.py").write_text("def (:\n")

    found = json.loads(check("--output-format", "json").stdout)

    assert sorted(item["code"] for item in found) == ["FS001", "FS301"]


def test_a_comment_hides_a_finding(project):
    write(project, MISMATCH.replace("-> int:", "-> int:  # flowstone: ignore[FS301]"))

    assert check().exit_code == 0


def test_raw_control_characters_are_not_printed(project):
    evil = "\x1b]0;owned\x07\u202e"
    write(project, CLEAN.replace("@asset\ndef revenue", f'@asset(name="{evil}")  # {evil}\ndef revenue'))

    for output_format in ("text", "concise", "json", "jsonl", "sarif", "github", "junit"):
        result = check("--output-format", output_format)
        assert result.exit_code == 1
        assert not set(evil) & {"\x1b", "\x07", "\u202e"} & set(result.output)


def run_in_process(project: Path, *arguments: str, code: str = "", **environment: str):
    program = (
        f"{code}\nfrom flowstone.cli import main\nimport sys\nsys.argv = ['flowstone', *{list(arguments)!r}]\nmain()"
    )
    variables = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, check=False)


def test_output_survives_a_terminal_that_knows_ascii_only(project):
    write(project, MISMATCH.replace("def revenue(", "def revenue(  # héllo\n    "))

    result = run_in_process(project, "check", PYTHONIOENCODING="ascii")

    assert result.returncode == 1
    assert b"FS301" in result.stdout


def test_a_warm_check_imports_nothing_heavy(project):
    write(project, MISMATCH)
    assert check().exit_code == 1
    report = (
        "import atexit, sys\n"
        "heavy = {'pydantic', 'networkx', 'rich', 'croniter', 'jinja2', 'flowstone.frontend.loader', 'example'}\n"
        "atexit.register(lambda: print('loaded:', *sorted(heavy & set(sys.modules)), file=sys.stderr))"
    )

    result = run_in_process(project, "check", code=report)

    assert result.returncode == 1
    assert b"FS301" in result.stdout
    assert result.stderr.splitlines()[-1] == b"loaded:"


def test_user_code_never_runs(project):
    write(project, f"import sys\nsys.exit('ran')\nimport no_such_package\n{MISMATCH}")

    result = run_in_process(project, "check")

    assert result.returncode == 1
    assert b"ran" not in result.stderr
    assert b"FS301" in result.stdout


def output_on_a_terminal(project: Path, **environment: str) -> bytes:
    ours, theirs = pty.openpty()
    variables = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **environment}
    command = [sys.executable, "-m", "flowstone", "check", "--quiet"]
    try:
        subprocess.run(command, cwd=project, env=variables, stdout=theirs, check=False)
        return os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)


def test_colour_is_for_terminals_that_want_it(project):
    write(project, MISMATCH.replace("[str]", "[str] "))

    assert b"\x1b[1;31m[error]" in output_on_a_terminal(project)
    assert b"\x1b" not in output_on_a_terminal(project, NO_COLOR="1")
    assert "\x1b" not in check().stdout


def test_concise_is_a_line_for_each_finding(project):
    write(project, MISMATCH)

    result = check("--output-format", "concise")

    assert result.stdout == (
        "pipelines/example.py:10:13: FS301 [error] 'revenue' takes 'orders' as list[str], but it is list[int]\n"
    )


@pytest.mark.parametrize("output_format", ["text", "concise", "json", "jsonl", "sarif", "github", "junit"])
def test_an_output_file_holds_what_stdout_would(project, output_format):
    write(project, MISMATCH)
    printed = check("--output-format", output_format)

    result = check("--output-format", output_format, "--output-file", "findings.txt")

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", printed.stderr)
    assert (project / "findings.txt").read_text(encoding="utf-8") == printed.stdout


@pytest.mark.parametrize("file", ["nowhere/findings.txt", "pipelines"])
def test_an_output_file_that_cannot_be_written_is_told(project, file):
    result = check("--output-file", file)

    assert result.exit_code == 2
    assert file in result.stderr
    assert "Traceback" not in result.output


def test_exit_zero_still_prints_what_was_found(project):
    write(project, MISMATCH)

    result = check("--exit-zero")

    assert result.exit_code == 0
    assert "FS301" in result.stdout


def test_statistics_count_by_code(project):
    more = "@asset\ndef c(orders): ...\n@asset\ndef d(orders): ...\n"
    write(project, MISMATCH + more)

    result = check("--statistics")

    assert result.exit_code == 1
    assert result.stdout == "2  FS302  missing-return-annotation\n1  FS301  type-mismatch\n"
    found = json.loads(check("--statistics", "--output-format", "json").stdout)
    assert found[0] == {"code": "FS302", "name": "missing-return-annotation", "count": 2}


def test_statistics_without_findings_are_empty(project):
    assert check("--statistics").stdout == ""


def test_statistics_have_no_xml(project):
    result = check("--statistics", "--output-format", "junit")

    assert result.exit_code == 2
    assert "'junit'" in result.stderr
    assert "text, json" in result.stderr


@pytest.mark.parametrize("output_format", ["text", "concise", "jsonl"])
def test_a_reader_that_goes_away_is_no_fault(project, output_format):
    write(project, MISMATCH + "".join(f"@asset\ndef a{n}(): ...\n" for n in range(2000)))
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "flowstone", "check", "--output-format", output_format]

    with os.fdopen(written, "w") as gone:
        result = subprocess.run(command, cwd=project, stdout=gone, stderr=subprocess.PIPE, check=False)

    assert result.returncode == 1
    assert b"Traceback" not in result.stderr
    assert b"BrokenPipe" not in result.stderr
