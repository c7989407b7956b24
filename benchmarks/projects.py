"""The same graph written for each contender: asset i needs assets i-1 and i-7."""

from __future__ import annotations

from pathlib import Path

PER_MODULE = 10


def needs(number: int) -> list[int]:
    """Numbers of the assets that an asset needs."""
    return [other for other in (number - 1, number - 7) if other >= 0]


def name(number: int) -> str:
    """Name of an asset."""
    return f"asset_{number:04d}"


def write_realistic(folder: Path, assets: int) -> None:
    """A FlowStone project as people write it: imports, constants, helpers, keywords, docstrings."""
    _config(folder, default="lake", managers='[io_managers.lake]\ntype = "parquet"\n')
    for first in range(0, assets, PER_MODULE):
        module = first // PER_MODULE
        text = _REALISTIC_HEAD.format(module=module)
        for number in range(first, min(first + PER_MODULE, assets)):
            inputs = ", ".join(f"{name(other)}: pl.DataFrame" for other in needs(number))
            values = ", ".join(name(other) for other in needs(number))
            separator = ", " if inputs else ""
            text += _REALISTIC_ASSET.format(
                name=name(number), inputs=inputs, values=values, separator=separator, module=module
            )
        _write(folder / "pipelines" / f"module_{module:03d}.py", text)


_REALISTIC_HEAD = '''"""Tables of the team {module}."""

from __future__ import annotations

import polars as pl
from flowstone import Context, DailyPartitions, Retry, asset

TEAM = "team-{module}"
OWNERS = [f"{{TEAM}}@example.com"]
RETRY = Retry(3, delay="30s", backoff=2)
days = DailyPartitions(start="2024-01-01", timezone="UTC")


def combine_{module}(frames: list[pl.DataFrame], factor: float) -> pl.DataFrame:
    """One frame made of several."""
    if not frames:
        return pl.DataFrame({{"value": [1.0]}})
    total = sum(frame["value"].sum() for frame in frames)
    return pl.DataFrame({{"value": [total * factor]}})
'''

_REALISTIC_ASSET = '''

@asset(
    group=TEAM,
    owners=OWNERS,
    tags={{"team": TEAM, "tier": "silver"}},
    path="{name}/{{partition}}.parquet",
    partitioned_by=days,
    retries=RETRY,
    timeout="10m",
)
def {name}(ctx: Context, {inputs}{separator}factor: float = 1.0) -> pl.DataFrame:
    """The value of one day.

    It is made of the values that come before it.
    """
    frames = [{values}]
    result = combine_{module}(frames, factor)
    ctx.log.info("made %s rows", result.height)
    return result
'''


def write_trivial(folder: Path, assets: int, manager: str) -> None:
    """A FlowStone project whose functions do next to nothing."""
    _config(folder, default="store", managers=f'[io_managers.store]\ntype = "{manager}"\n')
    for first in range(0, assets, PER_MODULE):
        numbers = range(first, min(first + PER_MODULE, assets))
        text = "from flowstone import asset\n" + "".join(f"\n\n@asset\n{trivial(number)}" for number in numbers)
        _write(folder / "pipelines" / f"module_{first // PER_MODULE:03d}.py", text)


_BUSY = """import time

from flowstone import asset


def span() -> list[float]:
    started, used = time.time(), time.process_time()
    while time.process_time() - used < 0.05:
        pass
    return [started, time.time()]
"""


def write_busy(folder: Path, assets: int) -> None:
    """A FlowStone project whose functions each need a processor for 50 ms, and tell when."""
    _config(folder, default="store", managers='[io_managers.store]\ntype = "filesystem"\n')
    made = "".join(f"\n\n@asset\ndef {name(number)}() -> list[float]:\n    return span()\n" for number in range(assets))
    _write(folder / "pipelines" / "busy.py", _BUSY + made)


_DAYS = """
from flowstone import DailyPartitions, Dep, Offset, asset

days = DailyPartitions("1990-01-01", end="2030-01-01")


@asset(partitioned_by=days)
def day() -> int:
    return 1


@asset(partitioned_by=days, depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
def balance(before: int | None, day: int) -> int:
    return (before or 0) + day
"""


def write_days(folder: Path) -> None:
    """A FlowStone project with daily partitions, of which one asset reads its own past."""
    _config(folder, default="store", managers='[io_managers.store]\ntype = "filesystem"\n')
    _write(folder / "pipelines" / "days.py", _DAYS)


ODD_GRAPHS = {
    "chain": "a chain of 5,000 assets",
    "star": "an asset with 5,000 inputs",
    "cycle": "a cycle of 5,000 assets",
}


def write_odd(folder: Path, shape: str, assets: int) -> None:
    """A graph of ``ODD_GRAPHS``, in modules of a hundred."""
    _config(folder, default="store", managers='[io_managers.store]\ntype = "filesystem"\n')
    for first in range(0, assets, 100):
        text = "from flowstone import asset\n"
        for number in range(first, min(first + 100, assets)):
            before = {"chain": number - 1, "star": -1, "cycle": (number - 1) % assets}[shape]
            inputs = f"{name(before)}: int" if before >= 0 else ""
            text += f"\n\n@asset\ndef {name(number)}({inputs}) -> int:\n    return 1\n"
        _write(folder / "pipelines" / f"module_{first // 100:03d}.py", text)
    if shape == "star":
        inputs = ", ".join(f"{name(number)}: int" for number in range(assets))
        text = f"from flowstone import asset\n\n\n@asset\ndef total({inputs}) -> int:\n    return 1\n"
        _write(folder / "pipelines" / "total.py", text)


def trivial(number: int) -> str:
    """The text of a function that adds one to the greatest of its inputs."""
    inputs = ", ".join(f"{name(other)}: int" for other in needs(number))
    values = ", ".join(["0", "0", *(name(other) for other in needs(number))])
    return f'def {name(number)}({inputs}) -> int:\n    """A number."""\n    return max({values}) + 1\n'


def write_hamilton(folder: Path, assets: int) -> None:
    """The trivial functions in one module, as Hamilton takes them."""
    text = "\n\n".join(trivial(number) for number in range(assets))
    _write(folder / "hamilton_graph.py", text)


def write_dagster(folder: Path, assets: int) -> None:
    """The graph for Dagster, in as many modules; types are named as they are for FlowStone."""
    modules = []
    for first in range(0, assets, PER_MODULE):
        module = f"module_{first // PER_MODULE:03d}"
        modules.append(module)
        text = "import dagster as dg\n"
        for number in range(first, min(first + PER_MODULE, assets)):
            inputs = ", ".join(f"{name(other)}: int" for other in needs(number))
            values = ", ".join(["0", "0", *(name(other) for other in needs(number))])
            decorator = f'@dg.asset(group_name="team_{first // PER_MODULE}", tags={{"tier": "silver"}})'
            text += f'\n\n{decorator}\ndef {name(number)}({inputs}) -> int:\n    """A number."""\n'
            text += f"    return max({values}) + 1\n"
        _write(folder / "graph" / f"{module}.py", text)
    _write(folder / "graph" / "__init__.py", "")
    imports = "".join(f"from graph import {module}\n" for module in modules)
    definitions = f"dg.Definitions(assets=dg.load_assets_from_modules([{', '.join(modules)}]))"
    _write(folder / "definitions.py", f"import dagster as dg\n{imports}\ndefs = {definitions}\n")


def write_airflow_by_hand(path: Path, assets: int, style: str) -> None:
    """The same DAG as a person would write it: with ``@task`` (style taskflow), or with an operator of their own."""
    head, task = _HANDS[style]
    lines = [head.rstrip()]
    for number in range(assets):
        inlets = ", ".join(f"A{other:04d}" for other in needs(number))
        before = f"\n\n{task}".format(name=name(number), number=f"{number:04d}", inlets=inlets)
        upstream = [f"{name(other)}_task" for other in needs(number)]
        first = f"[{', '.join(upstream)}]" if len(upstream) > 1 else "".join(upstream)
        after = f"    {first} >> {name(number)}_task\n" if upstream else ""
        lines.append(before.rstrip("\n") + ("\n\n" + after.rstrip("\n") if after else ""))
    constants = "".join(_HAND_ASSET.format(number=f"{number:04d}", name=name(number)) for number in range(assets))
    _write(path, "\n".join(lines).replace("# assets\n", constants) + "\n")


_HAND_HEAD = '''"""A graph of numbers."""

from datetime import timedelta

import pendulum
{imports}

# assets
{between}
with DAG(
    dag_id="by_hand",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    default_args={{"owner": "bench", "retries": 0}},
    tags=["bench"],
):
'''

_HAND_ASSET = """A{number} = Asset(
    name="bench.{name}",
    uri="x-bench://{name}",
    group="bench",
    extra={{"io_manager": "store"}},
)
"""

_OPERATOR = '''
class NumberOperator(BaseOperator):
    """Makes one number."""

    def execute(self, context):
        from project import make

        return make(self.task_id)


'''

_TASKFLOW = """    @task(
        task_id="{name}",
        doc_md="A number.",
        inlets=[{inlets}],
        outlets=[A{number}],
        retries=2,
        retry_delay=timedelta(seconds=10),
    )
    def {name}():
        from project import make

        return make()

    {name}_task = {name}()
"""

_OPERATOR_TASK = """    {name}_task = NumberOperator(
        task_id="{name}",
        doc_md="A number.",
        inlets=[{inlets}],
        outlets=[A{number}],
        retries=2,
        retry_delay=timedelta(seconds=10),
    )
"""

_HANDS = {
    "taskflow": (_HAND_HEAD.format(imports="from airflow.sdk import DAG, Asset, task", between="\n"), _TASKFLOW),
    "operator": (
        _HAND_HEAD.format(imports="from airflow.sdk import DAG, Asset, BaseOperator", between=_OPERATOR),
        _OPERATOR_TASK,
    ),
}


def write_for_airflow(folder: Path, assets: int) -> None:
    """The FlowStone project of which the DAG by hand is the counterpart."""
    _config(folder, default="store", managers='[io_managers.store]\ntype = "filesystem"\n')
    text = 'from flowstone import Job, Retry, asset\n\nRETRY = Retry(2, delay="10s")\n\nbench = Job("bench")\n'
    text += "".join(f"\n\n@asset(retries=RETRY)\n{trivial(number)}" for number in range(assets))
    _write(folder / "pipelines" / "numbers.py", text)


def _config(folder: Path, default: str, managers: str) -> None:
    head = f'name = "bench"\nsources = ["pipelines"]\ndefault_io_manager = "{default}"\n'
    _write(folder / "flowstone.toml", f"{head}\n{managers}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
