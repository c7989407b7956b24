"""One look of a sensor: what its function gives, and what becomes of it."""

import pytest

from flowstone.errors import ConfigurationError, RequestError, ResourceError
from flowstone.ir.run_keys import known_definitions
from flowstone.runtime import sensing
from flowstone.runtime.sensing import Look, Request, kept_cursor, look

PLAIN = """
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")

@resource
def folder(path: str = "in"):
    log(f"opens {path}")
    yield path
    log("closes")

@asset
def orders(limit: int = 10, day: str = "", rate: float = 1, tags: set[str] = [], meta: dict = {}) -> list[int]:
    return [limit]

load = Job("load", select="orders")

"""
DAYS = """
@asset(partitioned_by=MultiPartitions(day=DailyPartitions("2024-01-01"), region=StaticPartitions("eu", "us")))
def orders() -> int:
    return 1

load = Job("load", select="orders")

"""


@pytest.fixture
def looked(make_project):
    """What a look comes to; of several sensors the last."""

    def looked(text, cursor=None, before=PLAIN) -> Look:
        made = make_project(before + text)
        return look(made.workspace, list(made.project.sensors)[-1], cursor, "run", "local")

    return looked


HEAD = '@sensor(job="load", every="30s")\n'


@pytest.mark.parametrize(
    ("text", "keys", "cursor"),
    [
        ("def s(cursor: str | None):\n    return None\n", [], "before"),
        ("def s():\n    return RunRequest('a')\n", ["a"], "before"),
        ("def s(cursor: str | None):\n    return [RunRequest(cursor), RunRequest('b')]\n", ["before", "b"], "before"),
        ("def s(cursor: str | None):\n    return SensorResult([RunRequest('a')], cursor='a')\n", ["a"], "a"),
        ("def s():\n    return SensorResult(cursor='')\n", [], ""),
        ("def s():\n    return (item for item in [RunRequest('a'), RunRequest('a'), None])\n", ["a"], "before"),
        ("def s():\n    yield RunRequest('a')\n    yield SensorResult([RunRequest('b')], 'c')\n", ["a", "b"], "c"),
        ("async def s(cursor: str | None):\n    return RunRequest('a')\n", ["a"], "before"),
        ("async def s():\n    yield RunRequest('a')\n    yield RunRequest('b')\n", ["a", "b"], "before"),
    ],
)
def test_requests_and_cursor(looked, text, keys, cursor):
    found = looked(HEAD + text, "before")
    assert ([item.key for item in found.requests], found.cursor) == (keys, cursor)


def test_resources_are_open_while_it_looks_and_config_and_context_come_by_name(make_project):
    text = (
        HEAD
        + "def s(folder: str, ctx: Context, size: int = 1):\n    return RunRequest(f'{folder} {ctx.engine} {size}')\n"
    )
    made = make_project(PLAIN + text, params={"s": {"size": 2}})
    assert look(made.workspace, "s", None, "run", "local").requests == (Request("in local 2"),)
    assert made.lines() == ["opens in", "closes"]


def test_resources_are_closed_when_it_fails(make_project):
    made = make_project(PLAIN + HEAD + "def s(folder: str):\n    raise OSError('gone')\n")
    with pytest.raises(OSError, match="gone"):
        look(made.workspace, "s", None, "run", "local")
    assert made.lines() == ["opens in", "closes"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'a'", "gives a str"),
        ("{'a': 1}", "gives a dict"),
        ("[RunRequest('a'), 'b']", "gives a str"),
        ("SensorResult(['a'])", "a str among its requests"),
        ("SensorResult(cursor=5)", "the cursor of sensor s is a int"),
        ("RunRequest('a', partition='2024-01-01')", "a partition that the job load has not"),
        ("SensorResult(RunRequest('a'))", "gives a RunRequest as the requests of a result"),
        ("SensorResult(None)", "gives a NoneType as the requests of a result"),
        (r"SensorResult(cursor='\udcff')", r"gives the cursor '\\udcff', and half of a character is in it"),
        (r"RunRequest('\udcff')", r"asks by the key '\\udcff', and half of a character is in it"),
        ("RunRequest('a', config=None)", "for the config None"),
        ("RunRequest('a', config={'orders.rate': float('nan')})", "orders.rate with a number or text that JSON cannot"),
        ("RunRequest('a', config={'orders.meta': {'x': object()}})", "orders.meta that is no JSON"),
        ("RunRequest('a', config={'orders.limits': 1})", "orders.limits, which no asset of the job load takes"),
        ("RunRequest('a', config={'orders.limit': 'many'})", "does not fit: orders.limit takes int"),
    ],
)
def test_what_cannot_be_asked_for(looked, value, message):
    with pytest.raises(RequestError, match=message):
        looked(f"{HEAD}def s():\n    return {value}\n")


def test_config_values_are_sorted_by_step(looked):
    found = looked(HEAD + "def s():\n    return RunRequest('a', config={'orders.limit': 1, 'orders.day': 'x'})\n")
    assert found.requests == (Request("a", (), {"orders": {"limit": 1, "day": "x"}}),)


def test_config_values_are_written_as_json(looked):
    values = "{'orders.tags': {'x'}, 'orders.rate': decimal.Decimal('1.5'), 'orders.limit': '5'}"
    found = looked(f"import decimal\n{HEAD}def s():\n    return RunRequest('a', config={values})\n")
    assert found.requests == (Request("a", (), {"orders": {"tags": ["x"], "rate": 1.5, "limit": 5}}),)


def test_many_requests_look_at_the_steps_of_the_job_once(looked, monkeypatch):
    calls = []
    monkeypatch.setattr(sensing, "known_definitions", lambda *given: calls.append(1) or known_definitions(*given))
    text = f"{HEAD}def s():\n    return [RunRequest(str(n), partition='2024-01-01') for n in range(20)]\n"
    assert len(looked(text, before=DAYS).requests) == 20
    assert calls == [1]


@pytest.mark.parametrize("key", ["2024-01-01", "eu", "2024-01-01.eu"])
def test_a_partition_is_a_key_or_one_of_a_dimension(looked, key):
    found = looked(f"{HEAD}def s():\n    return RunRequest('a', partition={key!r})\n", before=DAYS)
    assert found.requests[0].keys == (key,)


def test_without_a_partition_it_is_the_last_period_that_is_over(looked):
    (request,) = looked(HEAD + "def s():\n    return RunRequest('a')\n", before=DAYS).requests
    assert len(request.keys) == 1
    assert request.keys[0] > "2024-01-01"


def test_no_period_is_over(looked):
    before = DAYS.replace("2024-01-01", "2999-01-01")
    with pytest.raises(RequestError, match="no period of it is over"):
        looked(HEAD + "def s():\n    return RunRequest('a')\n", before=before)


def test_faults_of_the_project_have_their_names(make_project, looked):
    made = make_project(PLAIN)
    with pytest.raises(ConfigurationError, match="no sensor 's'"):
        look(made.workspace, "s", None, "run", "local")
    failing = PLAIN.replace("    yield path", '    raise ValueError("closed")\n    yield path')
    with pytest.raises(ResourceError, match="folder could not be opened"):
        looked(HEAD + "def s(folder: str):\n    return None\n", before=failing)


@pytest.mark.parametrize("key", ["''", "5"])
def test_a_key_is_a_text(looked, key):
    with pytest.raises((TypeError, ValueError), match="the key of a run request"):
        looked(f"{HEAD}def s():\n    return RunRequest({key})\n")


@pytest.mark.parametrize(("content", "cursor"), [(None, None), ("null", None), ('"a"', "a"), ('""', "")])
def test_a_kept_cursor(content, cursor):
    assert kept_cursor("s", content) == cursor


@pytest.mark.parametrize("content", ["2024-01-31", "5", "false", "[]", ""])
def test_what_somebody_has_put_there_that_is_no_cursor(content):
    with pytest.raises(RequestError, match="the cursor of sensor s holds"):
        kept_cursor("s", content)
