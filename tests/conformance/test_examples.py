"""Every example stores the same bytes on the local runner, on Airflow and on Prefect.

Needs the two engines in environments of their own, named by FLOWSTONE_AIRFLOW_PYTHON and FLOWSTONE_PREFECT_PYTHON;
``make conformance`` sets them up. The tests fail, rather than skip, where they are missing.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PARTITIONS = {
    "customers": ["2024-01-01..2024-01-02", "ada", "grace hopper"],
    "flights": ["2013-01-01..2013-01-31"],
    "hello": [],
    "invoices": ["2024-001", "2024-002", "2024-003"],
}
SIGNALS = {"invoices": {"2024-001": "energy", "2024-002": "rent", "2024-003": "energy"}}


def test_every_example_is_here():
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/pyproject.toml")) == sorted(PARTITIONS)


@pytest.mark.parametrize("example", PARTITIONS)
def test_the_engines_agree(example, tmp_path):
    keys = [word for text in PARTITIONS[example] for word in ("--partitions" if ".." in text else "--partition", text)]
    for number, account in SIGNALS.get(example, {}).items():
        keys += ["--signal", f"account {number}", f'"{account}"']
    command = [sys.executable, "-m", "flowstone", "conformance", "--keep", str(tmp_path / "kept"), *keys]
    result = subprocess.run(command, cwd=EXAMPLES / example, capture_output=True, text=True, env=dict(os.environ))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "local, airflow, prefect: " in result.stdout
    assert "records are identical" in result.stdout
