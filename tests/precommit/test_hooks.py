"""Our hooks as pre-commit runs them: in an environment that holds FlowStone alone, in somebody's repository.

pre-commit installs FlowStone with pip from a repository, so that a package index has to be within reach.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
SHIPPED = ["src", "templates", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"]
GOOD = """\
import no_such_package
import polars as pl
from flowstone import asset


@asset(io_manager="lake")
def orders() -> pl.DataFrame:
    return no_such_package.read()


@asset
def revenue(orders: pl.DataFrame) -> int:
    return orders.height
"""
CONFIGURATION = 'name = "shop"\nsources = ["pipelines"]\n[io_managers.lake]\ntype = "parquet"\n'
BAD = GOOD.replace("revenue(orders", "revenue(order")


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder; git knows no user, and its settings are not those of the machine."""
    identity = {
        f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "FLOWSTONE_"))},
        **identity,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **environment,
    }
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> str:
    result = run(folder, "git", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """FlowStone's repository as it is in this folder, committed or not."""
    folder = tmp_path_factory.mktemp("flowstone")
    for name in SHIPPED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All of it")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Where pre-commit keeps its environments."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path, repository, home):
    """Somebody's repository with both hooks."""
    hooks = [{"id": "flowstone-check"}, {"id": "flowstone-compile", "args": ["--target", "local"]}]
    config = {"repos": [{"repo": str(repository), "rev": git(repository, "rev-parse", "HEAD"), "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "flowstone.toml").write_text(CONFIGURATION)
    (tmp_path / "pipelines").mkdir()
    write(tmp_path, GOOD)
    git(tmp_path, "init", "--quiet")
    compiled = run(tmp_path, sys.executable, "-m", "flowstone", "compile", "--target", "local")
    assert compiled.returncode == 0, compiled.stderr
    git(tmp_path, "add", "--all")
    return tmp_path


def write(project: Path, text: str) -> None:
    (project / "pipelines" / "orders.py").write_text(text)


def hook(project: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(project, sys.executable, "-m", "pre_commit", *arguments, PRE_COMMIT_HOME=str(home))


def test_a_good_project_passes_in_an_environment_without_its_packages(project, home):
    result = hook(project, home, "run", "--all-files")

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("Passed") == 2
    (packages,) = home.glob("repo*/py_env-*/lib/python*/site-packages")
    assert (packages / "flowstone").is_dir()
    assert not any((packages / name).exists() for name in ("polars", "pyarrow"))
    assert git(project, "status", "--porcelain", "--untracked-files=all").count("??") == 0


def test_a_mistake_stops_the_commit(project, home):
    assert hook(project, home, "install").returncode == 0
    write(project, BAD)
    git(project, "add", "--all")

    refused = run(project, "git", "commit", "--message", "bad", PRE_COMMIT_HOME=str(home))

    assert refused.returncode == 1
    assert "FS106" in refused.stdout + refused.stderr
    assert "did you mean 'orders'?" in refused.stdout + refused.stderr
    assert run(project, "git", "log").returncode != 0
    write(project, GOOD)
    git(project, "add", "--all")
    accepted = run(project, "git", "commit", "--message", "good", PRE_COMMIT_HOME=str(home))
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr


def test_stale_code_is_told(project, home):
    write(project, GOOD.replace("orders.height", "orders.height + 1"))
    git(project, "add", "--all")

    result = hook(project, home, "run", "flowstone-compile")

    assert result.returncode == 1
    assert "is not up to date" in result.stdout
    assert hook(project, home, "run", "flowstone-check").returncode == 0


def test_a_commit_that_only_deletes_a_file_is_checked(project, home):
    (project / "pipelines/orders.py").write_text(GOOD.partition("\n\n\n@asset\ndef revenue")[0] + "\n")
    user = "from flowstone import asset\n\n\n@asset\ndef revenue(orders: list[int]) -> int:\n    return len(orders)\n"
    (project / "pipelines/revenue.py").write_text(user)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "first")
    git(project, "rm", "--quiet", "pipelines/orders.py")

    result = hook(project, home, "run", "flowstone-check")

    assert result.returncode == 1
    assert "FS106" in result.stdout
