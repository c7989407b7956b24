"""What is shipped."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*.jinja"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def test_there_are_templates_for_every_target():
    assert {path.split("/")[1] for path in TEMPLATES} >= {"airflow", "local", "prefect"}


def test_the_wheel_holds_the_templates_and_the_marker_of_typed_packages(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {f"flowstone/{template}" for template in TEMPLATES} <= names
    assert "flowstone/py.typed" in names
    assert not any(name.startswith(("tests/", "examples/")) for name in names)


def test_the_source_distribution_holds_the_templates_and_the_tests(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(TEMPLATES) <= names
    assert "tests/architecture/test_package.py" in names
