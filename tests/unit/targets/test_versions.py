"""Targets in versions: which there are, what each cannot do, and whether the tables tell the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from flowstone.config import load_settings
from flowstone.errors import ConfigurationError
from flowstone.frontend import load
from flowstone.registry import TARGETS, target
from flowstone.targets.constructs import CONSTRUCTS, uses
from flowstone.targets.local import LocalTarget
from flowstone.targets.versions import all_targets, choose

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/pyproject.toml"))
SINCE = {
    "3.2": ["CronPartitionTimetable", "PartitionedAssetTimetable", "IdentityMapper", "AllowedKeyMapper"],
    "3.3": ["RollupMapper", "SegmentWindow", "DayWindow", "MonthWindow", "FixedKeyMapper", "PartitionedAtRuntime"],
}
"""What generated code imports of Airflow, by the version that brought it."""

HEADER = "from flowstone import *\ndays = DailyPartitions(start='2024-01-01')\n"


@pytest.fixture
def project(tmp_path):
    def read(text):
        (tmp_path / "flowstone.toml").write_text('sources = ["p.py"]\n')
        (tmp_path / "p.py").write_text(
            HEADER.replace("*", "AllPartitions, Cron, DailyPartitions, Dep, Every, Job, Offset, asset") + text
        )
        loaded = load(load_settings(tmp_path, environment={}), fingerprints=False)
        assert loaded.diagnostics == ()
        return loaded.project

    return read


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("airflow", "airflow@3.3"),
        ("airflow@3.1", "airflow@3.1"),
        ("airflow@3", "airflow@3.3"),
        ("prefect@3", "prefect@3.8"),
        ("prefect@3.8", "prefect@3.8"),
        ("local", "local"),
    ],
)
def test_a_target_with_or_without_version(text, title):
    assert choose(text).title == title


@pytest.mark.parametrize("text", ["airflow@3.0", "airflow@2", "airflow@", "airflow@3.", "airflow@3.33", "airflow@x"])
def test_an_unknown_version_is_told_with_what_there_is(text):
    with pytest.raises(ConfigurationError) as caught:
        choose(text)

    assert text in str(caught.value)
    assert caught.value.help == "there are: airflow@3.1, airflow@3.2, airflow@3.3"


def test_an_unknown_target_is_told_with_what_there_is():
    with pytest.raises(ConfigurationError) as caught:
        choose("dagster@1")
    assert caught.value.help == "there are: airflow@3.1, airflow@3.2, airflow@3.3, local, prefect@3.8"
    with pytest.raises(ConfigurationError, match="local@1"):
        choose("local@1")
    assert all(choose(text).title == text for text in all_targets())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_target_tells_of_every_construct_in_the_same_order(name):
    others = {f"{other}=" for other in TARGETS if other != name}

    assert [item.construct for item in target(name).capabilities] == [item for item in CONSTRUCTS if item not in others]


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_tables_are_well_formed(name):
    engine = target(name)
    assert {item.how for item in engine.capabilities} <= {"native", "runtime", "refused"}
    assert all(item.since in ("", *engine.versions[1:]) for item in engine.capabilities)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", ["3.1", "3.2"])
def test_what_a_version_refuses_is_what_the_code_for_the_newest_needs(case, version):
    """The generated code imports something newer than the version if, and only if, the version refuses something."""
    loaded = load(load_settings(GOLDEN / case, environment={}), fingerprints=False)
    code = "".join(path.read_text("utf-8") for path in sorted((GOLDEN / case / "airflow").rglob("*.py")))
    newer = {
        name for since, names in SINCE.items() if since > version for name in names if re.search(rf"\b{name}\(", code)
    }
    chosen = choose(f"airflow@{version}")

    refused = [item for item in chosen.check(loaded.project) if item.message.startswith(chosen.title)]

    assert bool(refused) is bool(newer), (newer, refused)


def test_the_newest_version_refuses_nothing_for_its_age():
    for case in CASES:
        project = load(load_settings(GOLDEN / case, environment={}), fingerprints=False).project
        assert not [item for item in choose("airflow@3.3").check(project) if "cannot do this yet" in item.message]


def test_a_construct_is_refused_once_with_its_places(project):
    text = "".join(f"@asset(partitioned_by=days)\ndef a{n}() -> int: ...\n" for n in range(6))
    text += "nightly = Job('nightly', select='*', schedule=Cron('0 6 * * *', timezone='UTC'))\n"

    (found,) = choose("airflow@3.1").check(project(text))

    assert (found.code, found.span.file, found.span.line, found.span.column) == ("FS801", "p.py", 3, 23)
    assert found.message == "airflow@3.1 cannot do this yet: partitions: daily, here and in 5 other places"
    assert found.help == "from airflow@3.2: partition key of the DAG run"
    assert [place.span.line for place in found.related] == [5, 7, 9]
    assert list(choose("airflow@3.2").check(project(text))) == []


def test_what_the_table_refuses_is_never_compiled(project, monkeypatch):
    text = "@asset(retries=2)\ndef a() -> int: ...\n@asset(retries=3)\ndef b() -> int: ...\n"
    table = [replace(item, how="refused") if item.construct == "retries" else item for item in LocalTarget.capabilities]
    monkeypatch.setattr(LocalTarget, "capabilities", tuple(table))

    (found,) = choose("local").check(project(text))

    assert found.message == "local cannot do this: retries, here and in 1 other place"
    assert (found.code, found.span.line) == ("FS801", 3)


def test_where_constructs_are_used(project):
    text = """
@asset(partitioned_by=days)
def a(limit: int = 1) -> int: ...
@asset(depends_on=[Dep("a", as_="every", partitions=AllPartitions())], partitioned_by=days, retries=2)
def b(every: dict[str, int]) -> int: ...
@asset
def c(b: dict[str, int]) -> int: ...
hourly = Job("hourly", select="a b", schedule=Every("1h"))
"""
    used = {name: [place.line for place in places] for name, places in uses(project(text)).items() if places}

    assert used == {
        "asset": [5, 7, 9],
        "dependency": [7, 9],
        "partitions: daily": [4, 6],
        "mapping: partitioned into unpartitioned": [9],
        "mapping: Only, AllPartitions": [7],
        "mapping: AllPartitions into partitions of the same job": [7],
        "io_manager": [5, 7, 9],
        "config parameter": [5],
        "retries": [6],
        "cache": [5, 7, 9],
        "job": [10, 9],
        "job without schedule": [9],
        "schedule: Every": [10],
        "schedule: Every on partitions": [10],
    }


def test_later_partitions_of_the_same_job_and_of_another(project):
    text = """
@asset(partitioned_by=days)
def a() -> int: ...
@asset(partitioned_by=days, depends_on=[Dep("a", as_="following", partitions=Offset(1))])
def b(following: int | None) -> int: ...
"""
    construct = "mapping: Offset to later partitions of the same job"
    assert [place.line for place in uses(project(text))[construct]] == [7]
    apart = uses(project(text + "one = Job('one', select='a')\ntwo = Job('two', select='b')\n"))
    assert apart[construct] == ()
    assert [place.line for place in apart["partitions without a schedule"]] == [4, 6]


def test_partitions_that_nothing_starts(project):
    text = "@asset(partitioned_by=days)\ndef a() -> int: ...\n@asset(partitioned_by=days)\ndef b(a: int) -> int: ...\n"
    found = uses(project(text))
    assert [place.line for place in found["partitions without a schedule"]] == [3, 5]

    jobs = "one = Job('one', select='a', schedule=Cron('0 6 * * *', timezone='UTC'))\ntwo = Job('two', select='b')\n"
    assert uses(project(text + jobs))["partitions without a schedule"] == ()
