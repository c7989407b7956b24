"""The tools: where each is installed, the files around a program, and its check step."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent
QUIET = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HAMILTON_TELEMETRY_ENABLED": "false",
    "KEDRO_DISABLE_TELEMETRY": "1",
    "NO_COLOR": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "ignore",
}
"""No telemetry, no colours, and only what matters."""


@dataclass(frozen=True)
class Tool:
    """One contender."""

    name: str
    package: str
    """The distribution whose version is named."""
    command: str
    """The check step in words, for the table."""
    steps: tuple[tuple[str, ...], ...]
    """Arguments of the tool's Python, run one after another in the folder of a program."""
    program: str
    """The file of a program that names none."""
    files: dict[str, str] = field(default_factory=dict)
    """What stands around every program."""
    outermost_first: bool = False
    """Of several errors that caused each other it prints the last one first."""


_KEDRO = """\
[tool.kedro]
package_name = "shop"
project_name = "shop"
kedro_init_version = "1.7.0"
"""

TOOLS = (
    Tool(
        "flowstone",
        "flowstone",
        "`flowstone check`",
        (("-m", "flowstone", "check", "--no-cache", "--quiet"),),
        "pipelines/shop.py",
        {"flowstone.toml": 'sources = ["pipelines"]\n'},
    ),
    Tool(
        "airflow",
        "apache-airflow",
        "import into a `DagBag`, as `airflow dags list-import-errors` shows it, and serialisation of the DAGs",
        ((str(HERE / "steps" / "load_airflow.py"),),),
        "dags/shop.py",
    ),
    Tool(
        "prefect",
        "prefect",
        "import of the flow file, in which `to_deployment` makes the deployment",
        ((str(HERE / "steps" / "import_prefect.py"),),),
        "shop.py",
    ),
    Tool(
        "dagster",
        "dagster",
        "`dagster definitions validate`",
        (("-m", "dagster", "definitions", "validate", "-f", "shop.py"),),
        "shop.py",
        {"dagster.yaml": "telemetry:\n  enabled: false\n"},
        outermost_first=True,
    ),
    Tool(
        "kedro",
        "kedro",
        "`kedro registry list` and `kedro catalog describe-datasets`",
        (("-m", "kedro", "registry", "list"), ("-m", "kedro", "catalog", "describe-datasets")),
        "src/shop/pipeline_registry.py",
        {
            "pyproject.toml": _KEDRO,
            "conf/base/catalog.yml": "",
            "conf/base/parameters.yml": "",
            "conf/local/credentials.yml": "",
            "src/shop/__init__.py": "",
            "src/shop/settings.py": "",
        },
    ),
    Tool(
        "hamilton",
        "sf-hamilton",
        "`Builder().with_modules(...).build()`, `validate_execution(...)` and `has_cycles(...)`",
        ((str(HERE / "steps" / "build_hamilton.py"),),),
        "shop.py",
    ),
)


def python_of(tool: Tool) -> str:
    """A Python that has the tool. Environments that the Makefile does not make are made here.

    Errors: CalledProcessError; FileNotFoundError if one that the Makefile makes is missing.
    """
    if tool.name == "flowstone":
        return sys.executable
    if tool.name in ("airflow", "prefect"):
        default = ROOT / f".venv-{tool.name}" / "bin" / "python"
        python = Path(os.environ.get(f"FLOWSTONE_{tool.name.upper()}_PYTHON") or default)
        if not python.exists():
            raise FileNotFoundError(f"{python} is missing: run make compare")
        return str(python)
    return _made(tool)


def _made(tool: Tool) -> str:
    folder = ROOT / f".venv-compare-{tool.name}"
    python, done = folder / "bin" / "python", folder / ".done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "requirements" / f"{tool.name}.txt")], check=True)
        done.touch()
    return str(python)


def version_of(tool: Tool, python: str) -> str:
    """The installed version."""
    code = f"from importlib.metadata import version; print(version({tool.package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
