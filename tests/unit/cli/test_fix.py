"""``flowstone check --fix``, ``--unsafe-fixes`` and ``--diff``: what is written, shown and left alone."""

from __future__ import annotations

import json
import os
import stat
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from flowstone.checks.fixing import fix_findings
from flowstone.cli.fix import diff
from flowstone.cli.rewrite import rewrite, with_line_ends
from flowstone.cli.root import cli
from flowstone.config import load_settings
from flowstone.errors import UsageError

TEXT = """\
from flowstone import asset


@asset
def orders() -> list[int]:  # flowstone: ignore[FS302]
    return [1, 2]


@asset(depends_on=["order"])  # before: käse
def revenue() -> int:
    return 3
"""
SAFELY = TEXT.replace("  # flowstone: ignore[FS302]", "")
UNSAFELY = SAFELY.replace('"order"', '"orders"')
NAME = "pipelines/example.py"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flowstone.toml").write_text('sources = ["pipelines"]\n')
    (tmp_path / "pipelines").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLOWSTONE_")]:
        monkeypatch.delenv(name)
    (tmp_path / NAME).write_text(TEXT, encoding="utf-8")
    return tmp_path


def check(*arguments: str):
    return CliRunner().invoke(cli, ["check", *arguments])


def text_of(project):
    return (project / NAME).read_text(encoding="utf-8")


def test_fix_carries_out_what_is_safe_and_tells_what_is_left(project):
    result = check("--fix")

    assert text_of(project) == SAFELY
    assert result.exit_code == 1
    assert "FS201" in result.stdout
    assert "FS011" not in result.stdout
    assert result.stderr == "1 fixed, 1 remaining; 1 more with --unsafe-fixes.\n"


def test_unsafe_fixes_are_carried_out_when_asked_for(project):
    result = check("--fix", "--unsafe-fixes")

    assert text_of(project) == UNSAFELY
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "2 fixed, 0 remaining.\n")


def test_fixing_twice_changes_nothing(project):
    check("--fix", "--unsafe-fixes")
    before = (project / NAME).stat()

    result = check("--fix", "--unsafe-fixes")

    assert result.stderr == "0 fixed, 0 remaining.\n"
    assert (project / NAME).stat().st_mtime_ns == before.st_mtime_ns
    assert (project / NAME).stat().st_ino == before.st_ino


def test_only_what_is_shown_is_fixed(project):
    check("--fix", "--unsafe-fixes", "--select", "FS201")

    assert text_of(project) == UNSAFELY.replace("list[int]:", "list[int]:  # flowstone: ignore[FS302]")


def test_what_a_comment_hides_is_not_fixed(project):
    hidden = SAFELY.replace("def revenue() -> int:\n", "def revenue():  # flowstone: ignore[FS302]\n").replace(
        '(depends_on=["order"])', ""
    )
    (project / NAME).write_text(hidden, encoding="utf-8")

    assert check("--fix", "--unsafe-fixes").exit_code == 0
    assert text_of(project) == hidden


def test_diff_shows_what_would_be_written_and_writes_nothing(project):
    result = check("--diff")

    assert result.exit_code == 1
    assert text_of(project) == TEXT
    assert result.stdout.splitlines()[:2] == [f"--- {NAME}", f"+++ {NAME}"]
    assert [line for line in result.stdout.splitlines()[2:] if line[0] in "+-"] == [
        "-def orders() -> list[int]:  # flowstone: ignore[FS302]",
        "+def orders() -> list[int]:",
    ]
    assert result.stderr == "1 would be fixed, 1 would remain; 1 more with --unsafe-fixes.\n"


def test_diff_of_nothing_exits_0(project):
    (project / NAME).write_text(SAFELY, encoding="utf-8")

    result = check("--diff", "--fix")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 would be fixed, 1 would remain; 1 more with --unsafe-fixes.\n"


def test_diff_tells_a_missing_line_end(project):
    (project / NAME).write_text(TEXT.rstrip("\n").replace("return 3", "return 3  # flowstone: ignore[FS302]"))

    result = check("--diff")

    assert result.stdout.count("\\ No newline at end of file\n") == 2


def test_diff_shows_no_line_with_a_secret_around_a_change(project):
    secret = 'def orders(api_token: str = "tk-7f3a9c1e5b") -> list[int]:\n'
    (project / NAME).write_text(
        TEXT.replace("def orders() -> list[int]:  # flowstone: ignore[FS302]\n", secret).replace(
            "@asset\n", "@asset  # flowstone: ignore[FS302]\n"
        )
    )

    result = check("--diff")

    assert "+@asset\n" in result.stdout
    assert "tk-7f3a9c1e5b" not in result.stdout


def test_unsafe_fixes_alone_is_a_mistake(project):
    result = check("--unsafe-fixes")

    assert result.exit_code == 2
    assert text_of(project) == TEXT


def test_the_summary_tells_what_could_be_fixed(project):
    assert (
        check().stderr
        == "Found 1 error, 1 warning in 1 file; 1 fixable with --fix, 1 more with --fix --unsafe-fixes.\n"
    )


def test_a_terminal_is_shown_no_control_characters(project, monkeypatch):
    (project / NAME).write_text(SAFELY.replace("käse", "\x1b[31m"), encoding="utf-8")
    outcome = fix_findings(load_settings(project, environment={}), lambda _: True, lambda _: True)

    piped = diff(outcome, "")
    monkeypatch.setattr("flowstone.cli.fix.sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))

    assert "\x1b[31m" in piped
    assert diff(outcome, "") == piped.replace("\x1b", "\\x1b")


def test_what_remains_is_printed_in_the_format(project):
    result = check("--fix", "--output-format", "json")

    (left,) = json.loads(result.stdout)
    assert (left["code"], left["fix_safety"]) == ("FS201", "unsafe")


def test_a_fix_that_would_bring_another_finding_is_left_out(project):
    text = """\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(order: list[str]) -> int:
    return len(order)
"""
    (project / NAME).write_text(text)

    result = check("--fix", "--unsafe-fixes")

    assert text_of(project) == text
    assert result.stderr == "0 fixed, 1 remaining.\n"
    assert "FS106" in result.stdout


def test_good_fixes_are_carried_out_beside_a_bad_one(project):
    bad = "\n\n@asset\ndef count(order: list[str]) -> int:\n    return len(order)\n"
    (project / NAME).write_text(TEXT + bad, encoding="utf-8")

    result = check("--fix", "--unsafe-fixes")

    assert text_of(project) == UNSAFELY + bad
    assert result.stderr == "2 fixed, 1 remaining.\n"


@pytest.mark.parametrize(
    ("encoding", "end"),
    [("latin-1", "\n"), ("latin-1", "\r\n"), ("utf-8-sig", "\n"), ("utf-8-sig", "\r\n"), ("utf-8-sig", "\r")],
)
@pytest.mark.parametrize("last", ["\n", ""])
def test_encoding_line_ends_and_last_line_stay(project, encoding, end, last):
    cookie = "# coding: latin-1\n" if encoding == "latin-1" else ""
    raw = (cookie + TEXT.rstrip("\n") + last).replace("\n", end).encode(encoding)
    (project / NAME).write_bytes(raw)

    check("--fix", "--unsafe-fixes")

    assert (project / NAME).read_bytes() == (cookie + UNSAFELY.rstrip("\n") + last).replace("\n", end).encode(encoding)


def test_mixed_line_ends_stay_as_they_are():
    raw = "a\r\nb\nc\rd\r\ne"

    assert with_line_ends(raw, "a\nb\nC\nd\ne") == "a\r\nb\nC\rd\r\ne"
    assert with_line_ends(raw, "a\nb\nd\ne") == "a\r\nb\nd\r\ne"
    assert with_line_ends(raw, "a\nb\nc\nx\nd\ne") == "a\r\nb\nc\rx\rd\r\ne"
    assert with_line_ends("a\r\nb", "a\nb\n") == "a\r\nb\r\n"


def test_the_mode_stays(project):
    (project / NAME).chmod(0o640)

    check("--fix")

    assert stat.S_IMODE((project / NAME).stat().st_mode) == 0o640
    assert text_of(project) == SAFELY


def test_a_read_only_file_is_an_error_and_nothing_is_written(project):
    other = project / "pipelines" / "another.py"
    other.write_text(TEXT.replace("orders", "returns").replace("revenue", "costs").replace('"order"', '"returns"'))
    (project / NAME).chmod(0o444)
    before = other.read_bytes()

    result = check("--fix")

    assert result.exit_code == 2
    assert "pipelines/example.py is read-only" in result.stderr
    assert (other.read_bytes(), text_of(project)) == (before, TEXT)


def test_a_symbolic_link_stays_one(project):
    (project / "shared").mkdir()
    (project / NAME).rename(project / "shared" / "real.py")
    (project / NAME).symlink_to("../shared/real.py")

    check("--fix")

    assert (project / NAME).is_symlink()
    assert (project / "shared" / "real.py").read_text(encoding="utf-8") == SAFELY


def test_a_file_outside_of_the_project_is_left_alone(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "real.py"
    (project / NAME).rename(outside)
    (project / NAME).symlink_to(outside)

    result = check("--fix")

    assert outside.read_text(encoding="utf-8") == TEXT
    assert result.stderr == "0 fixed, 2 remaining; 1 more with --unsafe-fixes.\n"


def test_a_file_that_was_changed_meanwhile_is_not_written(project):
    (project / NAME).write_text("x = 1\n")

    with pytest.raises(UsageError, match="changed"):
        rewrite(project, {NAME: TEXT}, {NAME: SAFELY})

    assert text_of(project) == "x = 1\n"


def test_a_character_that_the_encoding_lacks_is_an_error(project):
    (project / NAME).write_bytes(b"# coding: latin-1\nx = 1\n")

    with pytest.raises(UsageError, match="lacks"):
        rewrite(project, {NAME: "# coding: latin-1\nx = 1\n"}, {NAME: "# coding: latin-1\nx = '\u20ac'\n"})


def test_no_temporary_file_is_left(project):
    check("--fix")

    assert [path.name for path in (project / "pipelines").iterdir()] == ["example.py"]
