"""``state:`` on the command line: what differs from what is stored, from a manifest or from a revision."""

import subprocess

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

TEXT = """
from flowstone import asset

@asset(owners=["ann@example.org"])
def raw() -> int:
    return 1

@asset
def total(raw: int, weight: int = 1) -> int:
    return raw * weight

@asset
def report(total: int) -> str:
    return str(total)
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.fixture
def listed(project):
    def listed(*arguments):
        result = CliRunner().invoke(cli, ["ls", "-C", str(project), *arguments])
        if result.exit_code:
            return result.stderr
        return " ".join(line.split()[0] for line in result.stdout.splitlines())

    return listed


def call(project, *arguments):
    assert CliRunner().invoke(cli, [arguments[0], "-C", str(project), *arguments[1:]]).exit_code == 0


def edit(project, *change):
    module = next(project.glob("cli_*.py"))
    module.write_text(module.read_text().replace(*change))


def git(folder, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_a_text_that_is_empty_is_not_everything(project, listed):
    """As an unset variable leaves it: `flowstone invalidate "$WHAT" --yes`."""
    call(project, "run", "--executor", "inline")
    assert "the selector is empty" in listed("")
    assert "the selector is empty" in listed("raw", "--exclude", " ")
    assert CliRunner().invoke(cli, ["invalidate", "-C", str(project), "", "--yes"]).exit_code == 2
    assert listed("state:new") == "error: the selector 'state:new' matches nothing\n"


def test_a_depth_that_no_number_holds_is_refused(listed):
    assert "is not a selector" in listed("9" * 5000 + "+report")


def test_the_folder_of_the_project_is_a_path(listed):
    assert listed("path:.") == listed("*")


def test_exclusions_add_up(listed):
    assert listed("--exclude", "raw", "--exclude", "report") == "total"
    assert listed("owner:ann@example.org+1") == "raw total"


def test_what_is_stored_is_the_state_unless_another_is_named(project, listed):
    assert listed("state:new") == "raw total report"
    call(project, "run", "raw", "total")
    assert listed("state:new") == "report"
    edit(project, "return 1", "return 2")
    assert listed("state:modified") == "raw report"
    assert listed("state:modified+") == "raw total report"
    assert listed("state:unmodified") == "total"
    assert listed("*", "--exclude", "state:new") == "raw total"


def test_a_comment_modifies_nothing_and_nothing_selected_is_an_error(project, listed):
    call(project, "run")
    edit(project, "return 1", "return 1  # one")
    assert "matches nothing" in listed("state:modified")


def test_a_manifest_is_a_state(project, listed):
    call(project, "compile", "--target", "local")
    edit(project, "raw * weight", "weight * raw * 1")
    build = project / "build" / "local"
    assert listed("state:modified", "--state", str(build)) == "total"
    assert listed("state:modified", "--state", str(build / "flowstone.json")) == "total"


def test_a_revision_is_a_state(project, listed):
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "one")
    edit(project, "weight: int = 1", "weight: int = 2")
    assert listed("state:modified", "--state", "HEAD") == "total"
    edit(project, "def report", "def summary")
    assert listed("state:new", "--state", "HEAD") == "summary"


def test_a_project_below_the_top_of_its_repository(project, listed, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    git(outer, "init", "-q")
    inner = outer / "inner"
    inner.mkdir()
    for path in project.glob("*.*"):
        (inner / path.name).write_bytes(path.read_bytes())
    git(outer, "add", ".")
    git(outer, "commit", "-qm", "one")
    edit(inner, "return 1", "return 2")
    assert listed("-C", str(inner), "state:modified", "--state", "HEAD") == "raw"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["state:odd"], "there is no state 'odd'"),
        (["state:new", "--state", "nowhere"], "neither such a manifest nor such a Git revision"),
        (["state:new", "--state", "--output=x"], "neither such a manifest"),
        (["nothing:x"], "there are: tag, group, path, owner, state"),
    ],
)
def test_a_state_that_there_is_not(listed, arguments, message):
    assert message in listed(*arguments)


def test_a_file_that_is_no_manifest_is_no_state(project, listed):
    (project / "other.json").write_text("{}")
    assert "is not a manifest" in listed("state:new", "--state", str(project / "other.json"))
