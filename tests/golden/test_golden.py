"""Generated code, word by word. Each case is a project, or is named like an example; the folders in it hold what a
target generates from it.

A case takes part for a target as soon as it has a folder of the target's name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.checks import run_checks
from flowstone.config import load_settings
from flowstone.diagnostics.diagnostic import Severity
from flowstone.frontend import load
from flowstone.ir.manifest import FILE_NAME
from flowstone.registry import TARGETS, target
from flowstone.targets.contract import RenderOptions
from flowstone.targets.seal import seal

HERE = Path(__file__).parent
DIGEST = re.compile(r"(sha256[:=])[0-9a-f]+")
"""Digests cover more than the generated text: they would change it for no reason that one can see in it."""
EXAMPLES = HERE.parents[1] / "examples"
PAIRS = [(path.name, name) for path in sorted(HERE.iterdir()) for name in sorted(TARGETS)]
EXPECTED = [pair for pair in PAIRS if HERE.joinpath(*pair).is_dir()]


def project_of(case: str) -> Path:
    """The folder of a case's own project, or of the example of its name."""
    own = HERE / case
    return own if (own / "pyproject.toml").exists() else EXAMPLES / case


def generated(case: str, name: str) -> dict[str, str]:
    """What a target generates of a case, without the manifest and with 0 in place of digests."""
    settings = load_settings(project_of(case), environment={})
    loaded = load(settings)
    findings = [*run_checks(loaded, settings), *target(name).check(loaded.project)]
    assert [item for item in findings if item.severity is Severity.ERROR] == []
    files = target(name).render(loaded.project, RenderOptions("../..")).files
    return {path: DIGEST.sub(r"\g<1>0", seal(path, text)) for path, text in files.items() if path != FILE_NAME}


@pytest.mark.parametrize(("case", "name"), EXPECTED)
def test_generated_code_is_what_is_expected(case, name, update_golden):
    folder = HERE / case / name
    files = generated(case, name)
    if update_golden:
        shutil.rmtree(folder)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    found = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files == found, f"look at the difference and run pytest tests/golden --update-golden ({os.fspath(folder)})"


@pytest.mark.parametrize(("case", "name"), EXPECTED)
def test_generated_code_is_formatted(case, name):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    rules = ["--isolated", "--preview", "--select", "AIR,E,F,I,S102,S307,S608", "--ignore", "E501"]
    for command in (["check", *rules], ["format", "--isolated", "--diff"]):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "."], cwd=HERE / case / name, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
