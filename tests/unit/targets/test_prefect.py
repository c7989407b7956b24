"""Generated Prefect flows, as far as that can be seen without Prefect."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone import (
    Cron,
    DailyPartitions,
    DynamicPartitions,
    Every,
    HourlyPartitions,
    MonthlyPartitions,
    Offset,
    Retry,
    StaticPartitions,
)
from flowstone.ir.types import UNION, TypeExpr
from flowstone.targets.contract import RenderOptions
from flowstone.targets.prefect import PrefectTarget
from flowstone.targets.prefect_tasks import MAX_DELAYS
from flowstone.targets.prefect_types import annotation_text

DAYS = DailyPartitions("2024-01-01", "2025-01-01")


def files(project):
    return PrefectTarget().render(project, RenderOptions("..")).files


def tree(project, path="nightly.py"):
    return ast.parse(files(project)[path])


def functions(project, path="nightly.py"):
    return {node.name: node for node in tree(project, path).body if isinstance(node, ast.FunctionDef)}


def decorator(function):
    """Keywords of a function's decorator, as source."""
    (call,) = function.decorator_list
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def test_the_output_is_a_flow_for_each_job_with_the_deployments_and_the_manifest(build):
    build.asset("raw")
    build.job("nightly")
    build.job("weekly")
    found = files(build.project())
    assert sorted(found) == ["flowstone.json", "nightly.py", "prefect.yaml", "weekly.py"]
    assert json.loads(found["flowstone.json"])["project_root"] == ".."


def test_the_same_project_gives_the_same_bytes(build):
    build.asset("raw", tags={"b": "", "a": ""}, partitions=DAYS)
    build.job("nightly", schedule=Every("15m"))
    assert files(build.project()) == files(build.project())


def test_tasks_come_in_order_and_wait_for_what_they_read(build):
    build.asset("raw")
    build.asset("clean", "raw")
    build.asset("report", "clean", "raw")
    build.job("nightly")
    body = [ast.unparse(line) for line in functions(build.project())["nightly"].body]
    assert body[-5:] == [
        "run = JOB.start()",
        "run.submit(raw)",
        "run.submit(clean, after=[raw])",
        "run.submit(report, after=[raw, clean])",
        "return run.finish()",
    ]


def test_only_what_is_in_the_job_is_waited_for_but_all_lineage_is_told(build):
    build.asset("raw")
    build.asset("report", "raw")
    build.job("nightly", "report")
    found = functions(build.project())
    assert "run.submit(report)" in ast.unparse(found["nightly"])
    assert decorator(found["report"])["asset_deps"] == "['flowstone://shop/raw']"


def test_parameters_of_the_flow(build):
    build.asset("day", partitions=DAYS, config={"size": (3, TypeExpr(name="int"))})
    build.asset("hour", partitions=HourlyPartitions("2024-01-01", timezone="Europe/Berlin"))
    build.asset("other", partitions=DailyPartitions("2023-01-01"))
    build.asset("month", partitions=MonthlyPartitions("2024-01"))
    build.asset("region", partitions=StaticPartitions("eu", "us"))
    build.asset("sales.orders", config={"label": ("x", None)})
    build.job("nightly")
    arguments = functions(build.project())["nightly"].args
    found = {item.arg: ast.unparse(item.annotation) for item in arguments.args}
    assert found == {
        "hourly": "Annotated[str, Field(pattern='^[-0-9]{10}T[-+0-9]{7}$')] | None",
        "daily": "dt.date | None",
        "daily_2": "dt.date | None",
        "monthly": "Annotated[str, Field(pattern='^[0-9]{4}-[0-9]{2}$')] | None",
        "static": "Literal['eu', 'us'] | None",
        "day__size": "int",
        "sales__orders__label": "Any",
    }
    assert [ast.literal_eval(item) for item in arguments.defaults] == [None] * 5 + [3, "x"]
    docstring = ast.get_docstring(functions(build.project())["nightly"])
    assert "daily_2: daily partition from 2024-01-01, before 2025-01-01\n" in docstring
    assert "day__size: size of day\n" in docstring


def test_a_file_imports_only_what_it_uses(build):
    build.asset("region", partitions=StaticPartitions("Any", "dt.date", "it's \\"))
    build.job("nightly")
    source = files(build.project())["nightly.py"]
    assert "from typing import Literal\n" in source
    assert "import datetime" not in source


def test_secrets_are_no_parameters(build):
    build.asset("raw", config={"token": (None, TypeExpr(name="str")), "size": (1, TypeExpr(name="int"))})
    build.job("nightly")
    project = build.project(params={"raw": {"token": {"env": "TOKEN"}}})
    assert [item.arg for item in functions(project)["nightly"].args.args] == ["raw__size"]


def test_many_static_keys_are_listed_outside_the_signature(build):
    keys = [f"customer-{number}" for number in range(20)]
    build.asset("region", partitions=StaticPartitions(*keys))
    build.job("nightly")
    source = files(build.project())["nightly.py"]
    assert "static: Static | None = None" in source
    (alias,) = [node for node in ast.parse(source).body if isinstance(node, ast.Assign) and "Static" in ast.dump(node)]
    assert ast.literal_eval(alias.value.slice) == tuple(keys)


def test_retries_are_those_of_prefect(build):
    build.asset("growing", retries=Retry(3, delay="30s", backoff=2, jitter=0.1, on=["OSError", "x.Y"]))
    build.asset("steady", retries=Retry(2, delay=0.5))
    build.asset("at_once", retries=Retry(1))
    build.asset("often", retries=Retry(80, delay=1, backoff=1.5))
    build.asset("never", retries=Retry(0))
    build.job("nightly")
    found = functions(build.project())
    growing = decorator(found["growing"])
    assert growing["retries"] == "3"
    assert growing["retry_delay_seconds"] == "[30, 60, 120]"
    assert growing["retry_jitter_factor"] == "0.1"
    assert growing["retry_condition_fn"] == "retry_on('builtins.OSError', 'x.Y')"
    assert decorator(found["steady"])["retry_delay_seconds"] == "0.5"
    assert "retry_delay_seconds" not in decorator(found["at_once"])
    assert len(ast.literal_eval(decorator(found["often"])["retry_delay_seconds"])) == MAX_DELAYS
    assert "retries" not in decorator(found["never"])


def test_options_for_prefect_reach_the_task(build):
    options = {"log_prints": True, "task_run_name": "mine", "tags": ["b", "a"]}
    build.asset("raw", engine_options={"prefect": options}, tags={"tier": "gold"})
    build.job("nightly")
    found = decorator(functions(build.project())["raw"])
    assert found["log_prints"] == "True"
    assert found["task_run_name"] == "'mine'"
    assert found["tags"] == "['a', 'b', 'tier:gold']"


def test_a_long_description_is_cut_to_what_prefect_takes(build):
    build.asset("raw", description="word " * 1000)
    build.job("nightly")
    assets = functions(build.project())["raw"].decorator_list[0].args
    description = next(
        item for item in ast.walk(assets[0]) if isinstance(item, ast.keyword) and item.arg == "description"
    )
    assert len(ast.literal_eval(description.value)) == 2500


@pytest.mark.parametrize("name", ["flow", "materialize", "JOB", "run", "class", "int", "dt", "nightly", "daily"])
def test_names_of_assets_do_not_hide_names_of_the_file(build, name):
    build.asset(name, partitions=DAYS)
    build.job("nightly")
    found = functions(build.project())
    assert set(found) == {f"{name}_", "nightly"}
    assert decorator(found[f"{name}_"])["name"] == repr(name)


def test_names_that_differ_only_by_a_dot_get_functions_of_their_own(build):
    build.asset("a.b")
    build.asset("a_b")
    build.job("nightly")
    assert set(functions(build.project())) == {"a_b", "a_b_", "nightly"}


@pytest.mark.parametrize(("job", "path"), [("calendar", "calendar_flow.py"), ("pipeline", "pipeline_flow.py")])
def test_a_file_does_not_hide_a_module_of_python_or_of_the_user(build, job, path):
    build.asset("raw")
    build.job(job)
    found = files(build.project())
    assert path in found
    assert f'entrypoint: "{path}:{job}"' in found["prefect.yaml"]


def test_schedules(build):
    build.asset("raw")
    build.job("nightly", schedule=Cron("@daily", timezone="Europe/Berlin"))
    build.job("often", schedule=Every("90m"))
    build.job("by_hand")
    text = files(build.project())["prefect.yaml"]
    assert 'cron: "0 0 * * *"\n        timezone: "Europe/Berlin"' in text
    assert "interval: 5400\n" in text
    assert "schedules: []" in text


def test_a_job_without_schedule_is_started_by_assets_of_other_jobs(build):
    build.asset("raw", partitions=DAYS)
    build.asset("clean", "raw", partitions=DAYS)
    build.asset("report", "clean")
    build.job("loading", "raw", schedule=Every("1h"))
    build.job("cleaning", "clean")
    build.job("reporting", "report")
    text = files(build.project())["prefect.yaml"]
    loading, cleaning, reporting = text.split("\n  - name: ")[1:]
    assert "triggers:" not in loading
    assert 'match: {prefect.resource.id: "flowstone://shop/raw"}' in cleaning
    assert 'parameters: {daily: {__prefect_kind: jinja, template: "{{ event.payload.key }}"}}' in cleaning
    assert 'match: {prefect.resource.id: "flowstone://shop/clean"}' in reporting
    assert "{{" not in reporting


def test_keys_of_a_registry_come_by_their_text_and_unpartitioned_assets_start_all(build):
    customers = DynamicPartitions("customers")
    build.asset("signed")
    build.asset("orders", "signed", partitions=customers)
    build.asset("bill", "orders", partitions=customers)
    build.job("signing", "signed")
    build.job("ordering", "orders")
    build.job("billing", "bill")
    signing, ordering, billing = files(build.project())["prefect.yaml"].split("\n  - name: ")[1:]
    assert "triggers:" not in signing
    assert 'match: {prefect.resource.id: "flowstone://shop/signed"}' in ordering
    assert "{{" not in ordering
    assert 'parameters: {dynamic: {__prefect_kind: jinja, template: "{{ event.payload.partition }}"}}' in billing


def test_a_partition_starts_no_run_that_reads_a_later_one(build):
    build.asset("raw", partitions=DAYS)
    build.asset("eve", ("raw", {"mapping": Offset(1)}), partitions=DAYS)
    build.job("loading", "raw")
    build.job("evening", "eve")
    assert "triggers:" not in files(build.project())["prefect.yaml"]


def test_assets_whose_keys_are_others_start_no_run(build):
    build.asset("reference")
    build.asset("raw", partitions=DAYS)
    build.asset("month", "raw", "reference", partitions=MonthlyPartitions("2024-01"))
    build.job("loading", "raw", "reference")
    build.job("months", "month")
    assert "triggers:" not in files(build.project())["prefect.yaml"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(), st.text(min_size=1), st.text())
def test_texts_of_users_stay_texts(build, description, owner, value):
    build.steps.clear()
    build.assets.clear()
    build.jobs.clear()
    build.asset("raw", description=description, owners=(owner,), tags={owner: value}, config={"text": (value, None)})
    build.job("nightly", description=description)
    found = functions(build.project())
    assert set(found) == {"raw", "nightly"}
    asset = found["raw"].decorator_list[0].args[0]
    properties = next(item.value for item in asset.keywords if item.arg == "properties")
    given = {item.arg: ast.literal_eval(item.value) for item in properties.keywords}
    assert given == {"name": "raw", "owners": [owner]} | ({"description": description} if description else {})
    assert ast.literal_eval(found["nightly"].args.defaults[0]) == value


def test_a_template_of_the_project_replaces_ours(build, tmp_path):
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "flow.py.jinja").write_text("# {{ job | comment }}\n")
    build.asset("raw")
    build.job("nightly")
    rendered = PrefectTarget().render(build.project(), RenderOptions(None, tmp_path))
    assert rendered.files["nightly.py"] == "# nightly\n"


NONE = TypeExpr(name="None")
INT = TypeExpr(name="int")


@pytest.mark.parametrize(
    ("type", "default", "text"),
    [
        (None, 3, "Any"),
        (INT, 3, "int"),
        (INT, None, "int | None"),
        (TypeExpr(name=UNION, args=(INT, NONE)), None, "int | None"),
        (TypeExpr(name="list", args=(TypeExpr(name="str"),)), [], "list[str]"),
        (TypeExpr(name="tuple", args=(INT, INT)), [1, 2], "list[Any]"),
        (TypeExpr(name="dict", args=(TypeExpr(name="str"), TypeExpr(name="float"))), {}, "dict[str, float]"),
        (TypeExpr(name="Literal", values=("a", 1)), "a", 'Literal["a", 1]'),
        (TypeExpr(name="datetime.date"), "2024-01-01", "str"),
        (TypeExpr(name="pipelines.models.Mode"), "fast", "Any"),
        (TypeExpr(name=UNION, args=(INT, TypeExpr(name="?"))), 1, "Any"),
    ],
)
def test_annotations_of_config_parameters(type, default, text):
    assert annotation_text(type, default) == text


def test_a_job_of_few_at_once_has_few_workers(build):
    build.asset("raw")
    build.job("nightly", concurrency=3)
    build.job("weekly")
    found = files(build.project())
    assert "task_runner=task_runner(3)," in found["nightly.py"]
    assert "task_runner=task_runner()," in found["weekly.py"]
