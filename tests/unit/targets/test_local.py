import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.diagnostics.diagnostic import Severity
from flowstone.registry import target
from flowstone.targets.contract import RenderOptions
from flowstone.targets.local import CAPABILITIES

TEXT = """
@asset
def orders() -> int:
    return 2
@asset
def revenue(orders: int) -> int:
    return orders * 10
nightly = Job(
    "nightly",
    select="*",
    schedule=Cron("0 6 * * *", timezone="Europe/Berlin"),
    description='''Says "hi" \\\\ {{ x }}''',
)
"""


@pytest.fixture
def compiled(make_project):
    made = make_project(TEXT)
    files = target("local").render(made.project, RenderOptions(project_root=".")).files
    for path, text in files.items():
        (made.root / path).write_text(text)
    return made, files


def test_one_script_for_each_job_and_the_manifest(compiled):
    _, files = compiled
    assert sorted(files) == ["flowstone.json", "nightly.py"]


def test_the_script_names_the_steps_their_places_and_the_schedule(compiled):
    made, files = compiled
    text = files["nightly.py"]
    assert ast.literal_eval(ast.parse(text).body[6].value) == ("orders", "revenue")
    assert f"# {made.module}.py:" in text
    docstring = ast.get_docstring(ast.parse(text))
    assert "0 6 * * * (Europe/Berlin)" in docstring
    assert "Digest: sha256:" in docstring


def test_the_script_imports_no_compiler(compiled):
    made, _ = compiled
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({str(made.root / 'nightly.py')!r})\n"
        "print([name for name in sys.modules if name.startswith(('jinja2', 'networkx', 'flowstone.frontend'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_script_runs_the_job(compiled):
    made, _ = compiled
    script = [sys.executable, str(made.root / "nightly.py"), "--executor", "thread"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FLOWSTONE_")}
    done = subprocess.run(script, capture_output=True, text=True, env=environment, cwd="/")
    assert (done.returncode, done.stderr.count("materialized")) == (0, 2), done.stderr
    assert made.value("revenue") == 20
    again = subprocess.run(script, capture_output=True, text=True, env=environment, cwd="/")
    assert again.stderr.count("reused") == 2


RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
def test_the_script_is_formatted(compiled):
    made, _ = compiled
    for command in (["format", "--check"], ["check", "--select", "E,F,I,W"]):
        subprocess.run([RUFF, *command, "--isolated", "--line-length", "88", made.root / "nightly.py"], check=True)


def test_a_job_named_like_a_module_gets_another_file(make_project):
    made = make_project(TEXT.replace('"nightly"', '"json"'))
    files = target("local").render(made.project, RenderOptions(project_root=".")).files
    assert "json_job.py" in files


def test_unknown_options_are_refused(make_project):
    made = make_project(TEXT.replace("@asset\n", "@asset(local={'executer': 'thread'})\n", 1))
    found = [finding for finding in target("local").check(made.project) if finding.severity is Severity.ERROR]
    assert [finding.code for finding in found] == ["FS801"]
    assert "did you mean 'executor'" in found[0].help


def test_a_schedule_is_told_to_be_somebody_elses_business(make_project):
    made = make_project(TEXT)
    assert [finding.severity for finding in target("local").check(made.project)] == [Severity.INFO]


def test_capabilities_use_the_agreed_words():
    assert {capability.how for capability in CAPABILITIES} <= {"native", "runtime", "refused"}
