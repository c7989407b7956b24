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
    return _engine("airflow")


def prefect() -> str | None:
    """A Python with Prefect and FlowStone, or None if there is none."""
    return _engine("prefect")


def _engine(name: str) -> str | None:
    given = os.environ.get(f"FLOWSTONE_{name.upper()}_PYTHON")
    python = Path(given or ROOT / f".venv-{name}" / "bin" / "python")
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
