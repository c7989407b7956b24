"""Imports go one way, and what a command does not need it does not load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def loaded_after(code, *, cwd=ROOT):
    """Top-level packages and flowstone modules that are loaded after running code in a fresh interpreter."""
    script = f"import json, sys\ntry:\n    exec({code!r})\nexcept SystemExit:\n    pass\n"
    script += "print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_import_contracts_hold():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def test_the_version_costs_little_more_than_starting_python():
    more = loaded_after("sys.argv = ['flowstone', '--version']\nfrom flowstone.cli import main\nmain()") - loaded_after(
        ""
    )
    ours = {name for name in more if name.partition(".")[0] not in sys.stdlib_module_names}
    assert ours == {"flowstone", "flowstone.__about__", "flowstone.cli"}
    assert len(more) <= 15


HEAVY = {
    "jinja2",
    "networkx",
    "libcst",
    "click",
    "rich",
    "croniter",
    "polars",
    "pandas",
    "pyarrow",
    "airflow",
    "prefect",
}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("flowstone.dsl.decorators", HEAVY | {"pydantic"}),
        ("flowstone.config", HEAVY | {"pydantic"}),
        ("flowstone.diagnostics.diagnostic", HEAVY | {"pydantic"}),
        ("flowstone.runtime.materialize", HEAVY | {"asyncio"}),
        ("flowstone.runtime.workspace", HEAVY),
        ("flowstone.runner.worker", HEAVY | {"asyncio"}),
        ("flowstone.io.parquet", HEAVY),
        ("flowstone.io.filesystem", HEAVY),
        ("flowstone.frontend", HEAVY),
        ("flowstone.cli.root", HEAVY - {"click"} | {"pydantic"}),
    ],
)
def test_a_module_loads_only_what_it_needs(module, unwanted):
    loaded = {name.partition(".")[0] for name in loaded_after(f"import {module}")}
    assert loaded & unwanted == set()
