"""The Python environments of the contenders. FlowStone's and Airflow's are those of the Makefile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def core() -> str:
    """The Python that runs this."""
    return sys.executable


def airflow() -> str | None:
    """A Python with Airflow and FlowStone, or None if there is none."""
    python = Path(os.environ.get("FLOWSTONE_AIRFLOW_PYTHON") or ROOT / ".venv-airflow" / "bin" / "python")
    return str(python) if python.exists() else None


def others() -> str:
    """A Python with the other tools; it is made when it is missing. Errors: CalledProcessError."""
    folder = ROOT / ".venv-bench"
    python = folder / "bin" / "python"
    done = folder / ".done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(ROOT / "benchmarks" / "requirements.txt")], check=True)
        done.touch()
    return str(python)
