"""Random graphs: whatever is not refused becomes files that are clean, formatted and the same each time."""

from __future__ import annotations

import ast
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone import (
    AllPartitions,
    Cron,
    DailyPartitions,
    DynamicPartitions,
    Every,
    HourlyPartitions,
    Last,
    MonthlyPartitions,
    MultiPartitions,
    Offset,
    Only,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.mappings import IncompatiblePartitionsError, arity
from flowstone.targets.airflow import AirflowTarget
from flowstone.targets.airflow_plan import plan
from flowstone.targets.contract import RenderOptions

DEFINITIONS = (
    None,
    None,
    HourlyPartitions("2024-01-01"),
    DailyPartitions("2024-01-01"),
    DailyPartitions("2024-02-01", "2025-01-01"),
    DailyPartitions("2024-01-01", timezone="Europe/Berlin"),
    WeeklyPartitions("2024-01-01"),
    MonthlyPartitions("2024-01-01"),
    MonthlyPartitions("2024-01-01", timezone="Europe/Berlin"),
    StaticPartitions("eu", "us"),
    StaticPartitions("eu"),
    DynamicPartitions("customers"),
    DynamicPartitions("clients"),
    MultiPartitions(customer=DynamicPartitions("customers"), region=StaticPartitions("eu", "us")),
)
MAPPINGS = (None, None, None, Offset(-1), Last(days=7), Last(hours=5), Only("eu"), Only("2024-03-01"), AllPartitions())
SCHEDULES = (None, None, Cron("0 6 * * *", timezone="UTC"), Cron("0 * * * *", timezone="UTC"), Every("1h"))


def random_project(builder, seed):
    """A project of up to 12 assets in up to 3 jobs."""
    choose = random.Random(seed)
    chosen = []
    for number in range(choose.randint(1, 12)):
        definition = choose.choice(DEFINITIONS)
        needs = []
        for other, producer in choose.sample(chosen, min(len(chosen), choose.randint(0, 3))):
            mapping = choose.choice(MAPPINGS)
            try:
                arity(definition, producer, mapping)
            except IncompatiblePartitionsError:
                continue
            needs.append((other, {"mapping": mapping, "optional": choose.random() < 0.2}))
        builder.asset(f"a{number}", *needs, partitions=definition)
        chosen.append((f"a{number}", definition))
    names = [name for name, _ in chosen]
    for job in range(choose.randint(1, 3)):
        mine = [name for name in names if choose.random() < 0.6] or names
        builder.job(f"job_{job}", *mine, schedule=choose.choice(SCHEDULES))
    return builder.project()


@pytest.fixture
def projects(build):
    return [random_project(type(build)(), seed) for seed in range(150)]


def test_each_step_of_a_job_is_in_one_dag_behind_what_it_needs(projects):
    for project in projects:
        for job in project.jobs.values():
            steps = [step for dag in plan(project).dags if dag.job is job for step in dag.group.steps]
            assert sorted(steps) == sorted(job.steps)
            for number, step in enumerate(steps):
                assert not set(project.upstream[step]) & set(steps[number:])


def test_files_are_clean_and_the_same_each_time(projects, tmp_path: Path):
    target = AirflowTarget()
    rendered = 0
    for number, project in enumerate(projects):
        if list(target.check(project)):
            continue
        files = target.render(project, RenderOptions(None)).files
        assert target.render(project, RenderOptions(None)).files == files
        for name, text in files.items():
            if name.endswith(".py"):
                ast.parse(text)
                (tmp_path / f"p{number}_{name}").write_text(text, encoding="utf-8")
                rendered += 1
    assert rendered > 40
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    rules = ["--isolated", "--preview", "--select", "AIR,E,F,I,S102,S307,S608"]
    for command in (["check", *rules], ["format", "--isolated", "--diff"]):
        done = subprocess.run([ruff, *command, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
