"""Generated DAG files: their text. That Airflow understands them is tested on Airflow."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone import Cron, DailyPartitions, Every, Last, Retry, StaticPartitions
from flowstone.ir.manifest import Manifest
from flowstone.ir.types import TypeExpr
from flowstone.targets.airflow import AirflowTarget
from flowstone.targets.airflow_params import param
from flowstone.targets.contract import RenderOptions
from flowstone.targets.literals import py
from flowstone.targets.seal import seal

DAYS = DailyPartitions("2024-01-01")
HOSTILE = [
    'it\'s "quoted" \\ and \\\\',
    '"""',
    "''' + exec('x') + '''",
    "{{ dag }} {% raw %} {# x #}",
    "line\nline\r\n\ttab \x00 null",
    "\u202egnirts\u2066 \u200b zero",
    "é漢字 🐍 ~ %s {0}",
    "see README.md",
    "x" * 500,
    "word " * 100,
    "# comment\n# flowstone: sha256=",
]


def rendered(project, name="job"):
    return AirflowTarget().render(project, RenderOptions("../..")).files[f"{name}.py"]


def shape(text):
    """The syntax tree without its constants and without the lines on which things stand."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "text"
    return ast.dump(tree)


def calls(text, function):
    """The keyword arguments of all calls of a function, as source text."""
    return [
        {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function
    ]


def test_a_task_says_what_it_runs_and_how(build):
    build.asset("raw", partitions=DAYS, retries=Retry(3, delay="30s", backoff=2), timeout=300.0)
    build.asset(
        "clean",
        "raw",
        partitions=DAYS,
        description="Clean data.",
        owners=("ann@x", "bob@x"),
        engine_options={"airflow": {"pool": "small", "executor_config": {"a": {"b": [1]}}}},
    )
    build.job("job", schedule=Cron("0 6 * * *", timezone="UTC"))
    raw, clean = calls(rendered(build.project()), "AssetOperator")
    assert raw == {
        "task_id": "'raw'",
        "code": "'sha256:0123456789ab'",
        "outlets": "[RAW]",
        "retries": "3",
        "retry_delay": "timedelta(seconds=30)",
        "retry_exponential_backoff": "2",
        "timeout": "timedelta(minutes=5)",
    }
    assert clean == {
        "task_id": "'clean'",
        "code": "'sha256:0123456789ab'",
        "doc_md": "'Clean data.'",
        "owner": "'ann@x, bob@x'",
        "inlets": "[RAW]",
        "outlets": "[CLEAN]",
        "pool": "'small'",
        "executor_config": "{'a': {'b': [1]}}",
    }
    assert "    # pipeline.py:2\n    clean = AssetOperator(" in rendered(build.project())
    assert "    raw >> clean\n" in rendered(build.project())


def test_a_dag_leaves_no_default_to_the_site(build):
    build.asset("a")
    build.job("job", schedule=Every("1h"), owners=("me",), tags={"team": "x", "nightly": ""}, description="Hello")
    (dag,) = calls(rendered(build.project()), "DAG")
    assert dag == {
        "dag_id": "'shop__job'",
        "schedule": "DeltaTriggerTimetable(timedelta(hours=1))",
        "start_date": "pendulum.datetime(2024, 1, 1, tz='UTC')",
        "catchup": "False",
        "max_active_runs": "1",
        "default_args": "{'owner': 'me', 'retries': 0, 'trigger_rule': 'all_success'}",
        "tags": "['flowstone', 'nightly', 'shop', 'team:x']",
        "doc_md": "'Hello'",
    }


def test_runs_of_partitions_go_side_by_side_unless_they_read_each_other(build):
    build.asset("a", partitions=DAYS)
    build.job("job")
    assert calls(rendered(build.project()), "DAG")[0]["max_active_runs"] == "16"
    build.asset("b", ("a", {"mapping": Last(days=7)}), partitions=DAYS)
    build.job("job")
    assert calls(rendered(build.project()), "DAG")[0]["max_active_runs"] == "1"


def test_static_partitions_take_their_key_from_the_run(build):
    build.asset("a", partitions=StaticPartitions("eu", "us"))
    build.job("job")
    assert calls(rendered(build.project()), "DAG")[0]["schedule"] == "PartitionedAtRuntime()"


def test_config_parameters_are_params(build, text_type):
    build.asset("a", config={"title": ("x", text_type), "count": (3, TypeExpr(name="int"))})
    build.job("job")
    first, second = calls(rendered(build.project()), "Param")
    assert first["type"] == "'string'"
    assert second == {"type": "'integer'", "description": "'Config parameter count of a'"}


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (None, 3, "Param(3, description='')"),
        (TypeExpr(name="float"), 1, "Param(1, type='number', description='')"),
        (TypeExpr(name="int"), None, "Param(None, type=['integer', 'null'], description='')"),
        (TypeExpr(name="datetime.date"), "2024-01-01", "Param('2024-01-01', description='')"),
        (TypeExpr(name="list", args=(TypeExpr(name="int"),)), [1], "Param([1], type='array', description='')"),
        (
            TypeExpr(name="Literal", values=("a", "b")),
            "a",
            "Param('a', type='string', enum=['a', 'b'], description='')",
        ),
        (
            TypeExpr(name="|", args=(TypeExpr(name="str"), TypeExpr(name="None"))),
            None,
            "Param(None, type=['string', 'null'], description='')",
        ),
    ],
)
def test_params_have_the_schema_of_their_annotation(type, value, text):
    assert ast.unparse(ast.parse(py(param(type, value, "")))) == text


def test_names_that_mean_something_else_in_the_file_get_another_variable(build):
    build.asset("DAG")
    build.asset("class")
    build.asset("timedelta", "DAG", "class")
    build.asset("RAW")
    build.asset("raw")
    build.asset("ns.raw")
    build.job("job")
    text = rendered(build.project())
    assert [item["task_id"] for item in calls(text, "AssetOperator")] == [
        "'DAG'",
        "'class'",
        "'timedelta'",
        "'RAW'",
        "'raw'",
        "'ns.raw'",
    ]
    names = [node.targets[0].id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign)]
    assert len(names) == len(set(names)) == 12


def test_the_manifest_lies_beside_the_files(build):
    build.asset("a")
    build.job("one")
    build.job("two")
    files = AirflowTarget().render(build.project(), RenderOptions("../..")).files
    assert sorted(files) == ["flowstone.json", "one.py", "two.py"]
    manifest = Manifest.model_validate_json(files["flowstone.json"])
    assert manifest.project == build.project()
    assert manifest.project_root == "../.."
    assert manifest.digest in files["one.py"]


def test_the_same_project_gives_the_same_bytes(build):
    build.asset("a", tags={"x": "", "y": "1"})
    build.job("job")
    assert rendered(build.project()) == rendered(build.project())


def _with_texts(build, text):
    build.asset("a", description=text, owners=(text,), tags={text: text}, meta={text: [text]})
    build.asset(
        "b",
        "a",
        description=text,
        config={"p": (text, TypeExpr(name="str"))},
        engine_options={"airflow": {"queue": text, "executor_config": {text: text}}},
    )
    build.job("job", description=text, owners=(text,), tags={text: ""})
    return build.project()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_shape_of_the_file(build, text):
    assert shape(rendered(_with_texts(build, text))) == shape(rendered(_with_texts(type(build)(), "plain")))


@given(st.text(min_size=1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_at_all_does(build, text):
    assert shape(rendered(_with_texts(type(build)(), text))) == shape(rendered(_with_texts(type(build)(), "plain")))


def test_generated_files_are_formatted_and_clean(build, tmp_path: Path):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    for number, text in enumerate(HOSTILE):
        builder = type(build)()
        _with_texts(builder, text)
        builder.asset("long_" + "n" * 100)
        builder.asset("long_" + "o" * 100, "long_" + "n" * 100, *"ab")
        builder.asset("days", "a", "b", partitions=DAYS, retries=Retry(1, delay=1), timeout=1.5)
        builder.asset("reads_days", "days", "long_" + "n" * 100)
        builder.job("job", schedule=Cron("0 6 * * *", timezone="UTC"))
        file = seal("job.py", rendered(builder.project()))
        (tmp_path / f"dag_{number}.py").write_text(file, encoding="utf-8")
    rules = ["--isolated", "--preview", "--select", "AIR,E,F,I,S102,S307,S608"]
    for command in (["check", *rules, "--ignore", "E501"], ["format", "--isolated", "--diff"]):
        done = subprocess.run([ruff, *command, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("job", ["calendar", "airflow", "pendulum", "flowstone", "pipeline"])
def test_a_file_does_not_hide_a_module_of_python_of_airflow_or_of_the_user(build, job):
    build.asset("raw")
    build.job(job)
    files = AirflowTarget().render(build.project(), RenderOptions(None)).files
    assert set(files) == {f"{job}_dag.py", "flowstone.json"}


def test_a_job_of_few_at_once_says_so_in_each_of_its_dags(build):
    build.asset("a", partitions=DAYS)
    build.asset("b")
    build.job("job", concurrency=3)
    assert [dag["max_active_tasks"] for dag in calls(rendered(build.project()), "DAG")] == ["3", "3"]
