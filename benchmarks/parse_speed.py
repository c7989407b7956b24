"""Parse time of the generated DAG of 100 tasks beside the same DAG written by hand."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import CommandFailedError
from benchmarks.table import Row, demand_ratio

TASKS = 100
NAME = "parse a DAG of 100 tasks"
PROGRAM = Path(__file__).parent / "programs" / "parse_dags.py"
STYLES = ("taskflow", "operator")


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark; none if there is no Airflow. Errors: CommandFailedError."""
    python = environments.airflow()
    if python is None:
        return []
    project = folder / "airflow"
    projects.write_for_airflow(project, TASKS)
    _run([environments.core(), "-m", "flowstone", "compile", "--target", "airflow"], project)
    files = [project / "build" / "airflow" / "bench.py"]
    for style in STYLES:
        files.append(folder / f"by_hand_{style}.py")
        projects.write_airflow_by_hand(files[-1], TASKS, style)
    argv = [python, str(PROGRAM), str(count * 8), *map(str, files)]
    times = [float(text) * 1000 for text in _run(argv, folder).split()[-len(files) :]]
    generated, *by_hand = times
    base = min(by_hand)
    rows = [demand_ratio(NAME, "generated", generated, "ms", generated / base, 1.1)]
    rows += [
        Row(NAME, f"by hand, {style}", value, "ms", value / base) for style, value in zip(STYLES, by_hand, strict=True)
    ]
    return rows


def _run(argv: list[str], folder: Path) -> str:
    environment = {**os.environ, "AIRFLOW_HOME": str(folder / "airflow-home")}
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise CommandFailedError(f"{' '.join(argv)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout
