"""Rules about edges, IO managers and partitions, beyond their examples."""

from __future__ import annotations

from typing import ClassVar

import pytest

from flowstone import registry
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.mappings import AllPartitions, Last, Offset, Only
from flowstone.dsl.partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.schedule import Cron, Every
from flowstone.io.contract import Options, Traits
from flowstone.io.memory import MemoryManager
from flowstone.ir.project import IoManagerConfig

DAYS = DailyPartitions("2024-01-01")
MONTHS = MonthlyPartitions("2024-01")
REGIONS = StaticPartitions("eu", "us")


class TableOptions(Options):
    table: str
    limit: int = 0


class TableConfig(Options):
    dsn: str


class TableManager(MemoryManager):
    """A store of which assets need ``table=``. It refuses to be instantiated."""

    Config: ClassVar[type[Options]] = TableConfig
    AssetOptions: ClassVar[type[Options]] = TableOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=True)

    def __init__(self, *arguments):
        raise AssertionError("a check opens no store")


@pytest.fixture
def tables(build, monkeypatch):
    monkeypatch.setitem(registry.IO_MANAGERS, "tables", "unused:unused")
    original = registry.io_manager_class
    monkeypatch.setattr(registry, "io_manager_class", lambda name: TableManager if name == "tables" else original(name))
    build.io_managers["warehouse"] = IoManagerConfig(type="tables", options={"dsn": "db"})
    return build


def codes(found):
    return [item.code for item in found]


MANY = [
    ("dict[str, int]", None),
    ("dict", None),
    ("dict[str, float]", None),
    ("Mapping[str, int]", None),
    ("Iterator[tuple[str, int]]", None),
    ("Iterable[tuple[str, int]]", None),
    ("dict[str, int] | None", None),
    ("Iterator", None),
    ("?", None),
    (None, None),
    ("object", None),
    ("Sized", None),
    ("Collection[str]", None),
    ("xarray.Dataset", None),
    ("dict[Literal['eu', 'us'], int]", None),
    ("list[int] | dict[str, int]", None),
    ("int", "FS403"),
    ("int | None", "FS403"),
    ("Collection[int]", "FS403"),
    ("collections.OrderedDict[str, int]", "FS403"),
    ("list[int]", "FS403"),
    ("dict[int, int]", "FS403"),
    ("Iterator[int]", "FS403"),
    ("dict[str, str]", "FS301"),
    ("Iterator[tuple[str, str]]", "FS301"),
]


@pytest.mark.parametrize(("wanted", "code"), MANY)
@pytest.mark.parametrize(
    ("producer", "consumer", "mapping"),
    [
        (DAYS, None, None),
        (REGIONS, None, None),
        (DAYS, MONTHS, None),
        (DAYS, DAYS, Last(days=7)),
        (DAYS, REGIONS, AllPartitions()),
        (REGIONS, None, Only("eu", "us")),
    ],
)
def test_many_keys_arrive_as_a_mapping(build, producer, consumer, mapping, wanted, code):
    build.asset("orders", partitions=producer)
    build.asset("report", build.dep("orders", wanted, mapping=mapping), partitions=consumer)

    assert codes(build.findings()) == ([code] if code else [])


@pytest.mark.parametrize(
    ("producer", "consumer", "mapping"),
    [(None, None, None), (None, DAYS, None), (DAYS, DAYS, None), (REGIONS, REGIONS, None), (REGIONS, None, Only("eu"))],
)
def test_one_key_arrives_as_the_value(build, producer, consumer, mapping):
    build.asset("orders", partitions=producer)
    build.asset("fine", build.dep("orders", "int", mapping=mapping), partitions=consumer)
    build.asset("wrong", build.dep("orders", "dict[str, int]", mapping=mapping), partitions=consumer)

    (found,) = build.findings()

    assert (found.code, found.span.line) == ("FS301", 3)
    assert "not many" in (found.help or "")


def test_a_dependency_that_only_orders_has_no_type(build):
    build.asset("orders", type="None").asset("report", build.dep("orders", parameter=None))

    assert build.findings() == []


def test_a_frame_may_be_asked_for_in_another_form_where_the_store_changes_it(build):
    build.asset("a", type="polars.DataFrame", manager="lake")
    build.asset("b", build.dep("a", "pandas.DataFrame"), type="int")
    build.asset("c", build.dep("a", "list[int]"), type="int")

    assert [(item.code, item.span.line) for item in build.findings()] == [("FS301", 3)]


def test_what_cannot_be_stored_is_told_once(build):
    build.asset("a", type="polars.DataFrame").asset("b", build.dep("a", "polars.DataFrame"))

    assert codes(build.findings()) == ["FS308"]


def test_an_optional_dependency_must_take_none(build):
    build.asset("orders")
    build.asset("fine", build.dep("orders", "int | None", optional=True))
    build.asset("wrong", build.dep("orders", "int", optional=True))

    (found,) = build.findings()

    assert (found.code, found.span.line) == ("FS301", 3)
    assert found.help == "annotate the parameter as int | None"


def test_both_places_are_shown(build):
    build.asset("orders", type="str").asset("report", build.dep("orders", "int"))

    (found,) = build.findings()

    assert found.message == "'report' takes 'orders' as int, but it is str"
    assert [(item.span.line, item.message) for item in found.related] == [(1, "'orders' returns str")]


def test_a_check_is_judged_like_a_consumer(build):
    build.asset("orders", type="str").check("fine", "orders", "int")

    assert codes(build.findings()) == ["FS301"]


def test_missing_unknown_and_invalid_options_are_told_at_their_keywords(tables):
    tables.asset("a", manager="warehouse", keywords=["io_manager"])
    tables.asset("b", manager="warehouse", options={"table": "t", "colour": 1}, keywords=["io"])
    tables.asset("c", manager="warehouse", options={"table": "u", "limit": "many"}, keywords=["limit"])

    found = tables.findings()

    assert [(item.code, item.span.line, item.span.column) for item in found] == [
        ("FS305", 1, 50),
        ("FS306", 2, 50),
        ("FS307", 3, 50),
    ]
    assert "'table'" in found[0].message
    assert found[1].help == "it has: limit, table"
    assert "valid integer" in found[2].message


def test_wrong_configuration_of_a_manager_is_told_where_it_stands(tables):
    tables.io_managers["warehouse"] = IoManagerConfig(type="tables", options={"dns": "db"})

    found = tables.findings(
        origins={"io_managers.warehouse.dns": "pyproject.toml:7", "io_managers.warehouse.type": "pyproject.toml:6"},
        config_file="pyproject.toml",
    )

    assert [(item.code, item.span.file, item.span.line) for item in found] == [
        ("FS305", "pyproject.toml", 6),
        ("FS306", "pyproject.toml", 7),
    ]


def test_a_reference_to_a_secret_is_no_wrong_value(tables):
    tables.io_managers["warehouse"] = IoManagerConfig(type="tables", options={"dsn": {"env": "WAREHOUSE"}})

    assert tables.findings() == []


def test_an_unknown_type_of_manager_is_told_where_it_is_configured(build):
    build.io_managers["warehouse"] = IoManagerConfig(type="parket")
    build.asset("orders", manager="warehouse", options={"anything": 1})

    (found,) = build.findings(origins={"io_managers.warehouse.type": "profile prod (flowstone.toml:9)"})

    assert (found.code, found.span.file, found.span.line) == ("FS304", "flowstone.toml", 9)
    assert "parquet" in (found.help or "")


def test_a_plug_in_that_cannot_be_loaded_is_told(build, monkeypatch):
    monkeypatch.setitem(registry.IO_MANAGERS, "broken", "no_such_package.stores:Store")
    build.io_managers["other"] = IoManagerConfig(type="broken")
    build.asset("orders", manager="other")

    (found,) = build.findings()

    assert found.code == "FS304"
    assert "no_such_package" in found.message


def test_one_path_in_two_stores_is_no_collision(build):
    build.io_managers["other"] = IoManagerConfig(type="filesystem", options={"root": "other"})
    build.asset("a", options={"path": "x.json"}).asset("b", options={"path": "x.json"}, manager="other")

    assert build.findings() == []


def test_two_names_of_one_store_are_one(build):
    for name in ("one", "other"):
        build.io_managers[name] = IoManagerConfig(type="filesystem", options={"root": "same"})
    build.asset("a", options={"path": "x.json"}, manager="one").asset("b", options={"path": "X.json"}, manager="other")

    assert codes(build.findings()) == ["FS310"]


def test_no_path_goes_through_the_file_of_another_asset(build):
    build.asset("a", options={"path": "x/y/a.json"}).asset("b", options={"path": "x/y"}).asset(
        "c", options={"path": "x/c"}
    )

    (found,) = build.findings()

    assert (found.code, found.span.line) == ("FS310", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "@asset\ndef orders(size: int = 1) -> int: ...\n",
            [(5, "did you mean 'size'?"), (7, "did you mean 'orders'?")],
        ),
        (
            "@asset\ndef orders(size: int = 1) -> int: ...\n@asset(nme='x')\ndef order() -> int: ...\n",
            [(5, "did you mean 'size'?")],
        ),
    ],
    ids=["whole", "broken"],
)
def test_configured_values_that_nothing_takes(find, text, found):
    configuration = 'sources = ["pipelines"]\n\n[params.orders]\nsize = 3\nsizes = 4\n[params.ordres]\nsize = 3\n'
    findings = find({"pipelines/a.py": f"from flowstone import asset\n{text}", "flowstone.toml": configuration})

    assert [(item.span.line, item.help) for item in findings if item.code == "FS704"] == found


@pytest.mark.parametrize(
    ("targets", "severities"),
    [
        ({}, []),
        ({"configured_targets": ("local",)}, []),
        ({"configured_targets": ("airflow",)}, [Severity.WARNING]),
        ({"configured_targets": ("local", "prefect")}, [Severity.WARNING]),
    ],
)
def test_memory_is_refused_where_tasks_are_apart(build, targets, severities):
    build.asset("orders", manager="scratch").asset("report", build.dep("orders", "int")).check("fine", "orders", "int")

    assert [item.severity for item in build.findings("FS312", **targets)] == severities


@pytest.mark.parametrize(
    ("producer", "consumer", "mapping", "code"),
    [
        (MONTHS, DAYS, None, "FS401"),
        (WeeklyPartitions("2024-01-01"), MONTHS, None, "FS401"),
        (DAYS, DailyPartitions("2024-01-01", timezone="Europe/Berlin"), None, "FS401"),
        (DAYS, REGIONS, None, "FS401"),
        (None, DAYS, Last(days=2), "FS401"),
        (DAYS, None, Offset(-1), "FS401"),
        (REGIONS, StaticPartitions("eu", "asia"), None, "FS402"),
        (REGIONS, None, Only("asia"), "FS402"),
        (DAYS, None, Only("2023-12-31"), "FS402"),
        (DAYS, DailyPartitions("2023-12-01"), None, "FS402"),
        (DailyPartitions("2024-01-01", "2024-02-01"), DAYS, None, "FS402"),
        (DailyPartitions("2024-01-01", "2024-02-01"), DailyPartitions("2024-01-10", "2024-01-20"), None, None),
        (DAYS, DailyPartitions("2024-03-01"), None, None),
        (HourlyPartitions("2024-01-01"), DAYS, None, None),
        (HourlyPartitions("2024-01-02"), DAYS, None, "FS402"),
        (HourlyPartitions("2024-01-01T12:00"), DAYS, None, None),
        (DailyPartitions("2024-01-01", "2024-02-01"), MonthlyPartitions("2024-02"), None, "FS402"),
        (DAYS, DailyPartitions("2024-01-01", timezone="Nowhere"), None, "FS404"),
        (DAYS, DAYS, Last(days=2), None),
    ],
)
def test_partitions_must_have_keys_in_common(build, producer, consumer, mapping, code):
    build.asset("orders", partitions=producer)
    build.asset("report", build.dep("orders", mapping=mapping), partitions=consumer)

    assert codes(build.findings()) == ([code] if code else [])


@pytest.mark.parametrize(
    ("wanted", "consumer", "code"),
    [
        ("int", DAYS, "FS405"),
        ("int | None", DAYS, None),
        ("?", DAYS, None),
        (None, DAYS, None),
        ("int", DailyPartitions("2024-01-02"), None),
    ],
)
def test_an_offset_out_of_the_window_gives_none(build, wanted, consumer, code):
    build.asset("orders", partitions=DAYS)
    build.asset("report", build.dep("orders", wanted, mapping=Offset(-1)), partitions=consumer)

    assert codes(build.findings()) == ([code] if code else [])


JANUARY = DailyPartitions("2024-01-01", "2024-02-01")
MARCH = DailyPartitions("2024-03-01", "2024-04-01")


@pytest.mark.parametrize(
    ("producer", "consumer", "mapping", "wanted", "words"),
    [
        (DAYS, DAYS, Last(days=7), "dict[str, int]", None),
        (DAYS, DailyPartitions("2023-12-31"), Last(days=7), "dict[str, int]", "for 2023-12-31 there is none"),
        (DAYS, MONTHS, Last(days=7), "dict[str, int]", None),
        (HourlyPartitions("2024-01-01"), DAYS, Last(hours=24), "dict[str, int]", None),
        (HourlyPartitions("2024-01-02T00:00"), DAYS, Last(hours=24), "dict[str, int]", "begins with 2024-01-02T00"),
        (JANUARY, DAYS, Last(days=7), "dict[str, int]", "'report' never ends"),
        (JANUARY, DailyPartitions("2024-01-01", "2024-02-06"), Last(days=7), "dict[str, int]", None),
        (JANUARY, DailyPartitions("2024-01-01", "2024-02-09"), Last(days=7), "dict[str, int]", "for 2024-02-08"),
        (JANUARY, DailyPartitions("2024-01-01", "2024-02-09"), Last(days=70), "dict[str, int]", None),
        (DAYS, DAYS, Last(days=10**9), "dict[str, int]", None),
        (JANUARY, MARCH, Offset(-1), "int | None", "ends at 2024-02-01"),
        (JANUARY, MARCH, Offset(-40), "int | None", None),
        (MARCH, JANUARY, Offset(-1), "int | None", "begins with 2024-03-01"),
        (MARCH, JANUARY, Offset(30), "int | None", None),
        (DAYS, DAYS, Offset(-1), "int | None", None),
        (JANUARY, MARCH, None, "int | None", "ends at 2024-02-01"),
        (MARCH, JANUARY, None, "int | None", "begins with 2024-03-01"),
        (JANUARY, DAYS, None, "int | None", None),
        (JANUARY, MonthlyPartitions("2024-02"), None, "dict[str, int] | None", "ends at 2024-02-01"),
        (JANUARY, MONTHS, None, "dict[str, int] | None", None),
        (JANUARY, MARCH, AllPartitions(), "dict[str, int]", None),
        (JANUARY, None, None, "dict[str, int]", None),
    ],
)
def test_windows_that_hold_nothing(build, producer, consumer, mapping, wanted, words):
    build.asset("orders", partitions=producer)
    optional = "None" in wanted and mapping is None
    build.asset("report", build.dep("orders", wanted, mapping=mapping, optional=optional), partitions=consumer)

    messages = [item.message for item in build.findings()]

    assert len(messages) == (words is not None)
    assert words is None or words in messages[0]


def test_an_offset_out_of_every_window_is_told_once(build):
    build.asset("orders", partitions=JANUARY)
    build.asset("report", build.dep("orders", "int", mapping=Offset(-1)), partitions=MARCH)

    assert codes(build.findings()) == ["FS405"]


@pytest.mark.parametrize(
    ("producer", "consumer", "manager", "words"),
    [
        ({}, {}, "local", None),
        ({"pool": "a"}, {"pool": "b"}, "local", None),
        ({"queue": "gpu"}, {"queue": "gpu"}, "local", None),
        ({}, {"queue": "gpu"}, "local", "queue gpu, not default"),
        ({"queue": "cpu"}, {"queue": "gpu"}, "local", "queue gpu, not cpu"),
        ({"queue": "gpu"}, {}, "lake", "queue default, not gpu"),
        (
            {"executor": "KubernetesExecutor"},
            {"executor": "KubernetesExecutor"},
            "local",
            "executor KubernetesExecutor",
        ),
        ({"executor": "my.module.AwsEcsExecutor"}, {}, "local", "executor my.module.AwsEcsExecutor"),
        ({"executor": "LocalExecutor"}, {"executor": "LocalExecutor"}, "local", None),
        ({}, {"queue": "gpu"}, "mounted", None),
        ({}, {"queue": "gpu"}, "scratch", None),
        ({}, {"queue": "gpu"}, "beside", "queue gpu"),
        ({}, {"queue": "gpu"}, "unknown", None),
    ],
)
def test_a_disk_of_another_machine(build, producer, consumer, manager, words):
    build.io_managers["mounted"] = IoManagerConfig(type="filesystem", options={"root": "/mnt/shared"})
    build.io_managers["beside"] = IoManagerConfig(type="filesystem", options={"root": "data"})
    build.asset("orders", manager=manager, engine_options={"airflow": producer})
    build.asset("report", build.dep("orders"), engine_options={"airflow": consumer} if consumer else {})

    found = build.findings("FS318")

    assert [item.severity for item in found] == ([Severity.WARNING] if words else [])
    assert words is None or words in found[0].message


@pytest.mark.parametrize("kind", [HourlyPartitions, DailyPartitions, WeeklyPartitions, MonthlyPartitions])
@pytest.mark.parametrize("mapping", [None, Offset(-1), Offset(10**9), Offset(-(10**9)), Only("x"), Last(days=10**9)])
def test_the_ends_of_the_calendar_are_no_problem(build, kind, mapping):
    for number, start in enumerate(["0001-01-01", "9999-12-31"]):
        for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
            name = f"a{number}_{zone.rpartition('/')[2]}"
            build.asset(name, partitions=kind(start, timezone=zone))
            build.asset(
                f"{name}_b", build.dep(name, "int", mapping=mapping), partitions=kind("2024-01-01", timezone=zone)
            )

    assert set(codes(build.findings())) <= {"FS401", "FS402", "FS403", "FS405", "FS406", "FS301"}


@pytest.mark.parametrize(
    ("expression", "codes_found"),
    [
        ("0 6 * * *", []),
        ("*/5 0-3,7 * * MON-FRI", []),
        ("@daily", []),
        ("", ["FS601"]),
        ("0 6 * *", ["FS601"]),
        ("0 0 6 * * *", ["FS601"]),
        ("61 6 * * *", ["FS601"]),
        ("@reboot", ["FS601"]),
        ("0 6 * * \x1b[31m", ["FS601"]),
        ("0 0 30 2 *", ["FS601"]),
        ("0 0 29 2 *", []),
    ],
)
def test_cron_expressions(build, expression, codes_found):
    build.asset("orders").job("nightly", "orders", schedule=Cron(expression, "UTC"))

    assert codes(build.findings()) == codes_found


def test_schedules_need_a_zone_that_there_is(build):
    build.asset("a", schedule=Cron("0 6 * * *")).asset("b", schedule=Cron("0 6 * * *", "Berlin"))

    found = build.findings()

    assert codes(found) == ["FS404", "FS602"]
    assert found[0].help == "did you mean 'Europe/Berlin'?"


@pytest.mark.parametrize(
    ("partitions", "schedule", "words"),
    [
        (DAYS, Cron("0 6 * * *", "UTC"), None),
        (DAYS, Cron("0 */6 * * *", "UTC"), "every 6 hours"),
        (DAYS, Every("15m"), "every 15 minutes"),
        (DAYS, Every("1d"), None),
        (MONTHS, Cron("@monthly", "UTC"), None),
        (MONTHS, Cron("0 0 * * *", "UTC"), "every day"),
        (HourlyPartitions("2024-01-01"), Cron("@hourly", "UTC"), None),
        (WeeklyPartitions("2024-01-01"), Cron("0 6 * * 1", "UTC"), None),
        (None, Every("1s"), None),
        (REGIONS, Every("1s"), None),
    ],
)
def test_a_schedule_is_no_finer_than_the_partitions(build, partitions, schedule, words):
    build.asset("orders", partitions=partitions).job("often", "orders", schedule=schedule)

    messages = [item.message for item in build.findings()]

    assert len(messages) == (words is not None)
    assert words is None or words in messages[0]


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("password", "hunter2", True),
        ("db_password", "hunter2", True),
        ("apiKey", "abc123", True),
        ("api-token", "abc123", True),
        ("url", "postgres://me:hunter2@host/db", True),
        ("note", "-----BEGIN RSA PRIVATE KEY-----", True),
        ("key", "AKIAIOSFODNN7EXAMPLE", True),
        ("password", "", False),
        ("password", None, False),
        ("password", "<password>", False),
        ("password", "${DB_PASSWORD}", False),
        ("password_file", "/run/secrets/db", False),
        ("token_url", "https://example.org/token", False),
        ("url", "postgres://me@host/db", False),
        ("key", "orders", False),
        ("tokens", 5, False),
    ],
)
def test_secrets_are_told_without_showing_them(build, name, value, secret):
    build.asset("orders", config={name: value})

    found = build.findings()

    assert codes(found) == (["FS703"] if secret else [])
    assert all(str(value) not in (item.message + (item.help or "")) for item in found)


def test_no_message_shows_a_refused_secret(build):
    build.io_managers["local"] = IoManagerConfig(type="filesystem", options={"root": "pg://me:hunter2@host/db"})

    found = build.findings()

    assert codes(found) == ["FS307", "FS703"]
    assert not any("hunter2" in item.message for item in found)


def test_secrets_in_options_and_configuration_are_told(build):
    build.asset("a", meta={"deep": [{"password": "hunter2"}]}, engine_options={"airflow": {"token": "abc123"}})
    build.io_managers["local"] = IoManagerConfig(type="filesystem", options={"root": "s", "secret": "hunter2"})
    build.io_managers["lake"] = IoManagerConfig(type="parquet", options={"root": "l", "secret": {"env": "NAME"}})

    messages = [item.message for item in build.findings("FS703")]

    assert len(messages) == 3
    assert not any("hunter2" in message for message in messages)


@pytest.mark.parametrize(
    ("returns", "fits"),
    [
        ("tuple[int, int]", True),
        ("tuple[int, ...]", True),
        ("tuple", True),
        ("dict[str, int]", True),
        ("Mapping[str, int]", True),
        ("shop.Split", True),
        (None, True),
        ("tuple[int, int, int]", False),
        ("int", False),
        ("list[int]", False),
        ("polars.DataFrame", False),
    ],
)
def test_several_outputs_come_as_a_tuple_or_mapping(build, returns, fits):
    build.asset("split", type=returns, outputs={"train": "train", "test": "test"})

    assert codes(build.findings("FS313")) == ([] if fits else ["FS313"])


def test_only_resources_yield(find):
    text = """from flowstone import asset, check, resource
@resource
def client():
    yield 1
@asset
def orders(client) -> list[int]:
    yield 1
@asset
async def customers() -> list[int]:
    def inner():
        yield 1
    return list(inner())
@check(asset="customers")
async def some(customers: list[int]) -> bool:
    yield True
"""
    found = [(item.code, item.span.line) for item in find({"pipelines/a.py": text})]

    assert found == [("FS303", 6), ("FS303", 14)]
