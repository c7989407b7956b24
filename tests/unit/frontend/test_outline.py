import pytest

from flowstone.checks import find_all
from flowstone.cli.check_cache import CheckCache
from flowstone.config import load_settings
from flowstone.frontend import load
from flowstone.frontend.outline import outline, same_heads

MODULE = '''
import polars as pl
import time
import common
from flowstone import Retry, asset
LIMIT = 10
TAKEN = []
TIMEOUT = 5
def used(x):
    return [x]
def helper(frame, factor):
    return frame * factor
def deeper(x):
    return x
def exported(x):
    return deeper(x)
@asset(retries=Retry(LIMIT), tags=used("x"))
def orders(raw: pl.DataFrame, n: int = TIMEOUT) -> pl.DataFrame:
    """Orders."""
    total = helper(raw, 2)
    return total + common.scale(n)
'''


def seen(text: str, mentioned=("exported",)) -> str | None:
    return outline(text, {"common"}, lambda name: name in mentioned)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("helper(raw, 2)", "helper(raw, 3)  # three"),
        ("total + common", "total * common"),
        (
            "    total = helper(raw, 2)\n",
            "    total = helper(raw, 2)\n    if total:\n        return pl.concat([total])\n",
        ),
        ("frame * factor", "frame / factor"),
        ("LIMIT = 10", "LIMIT = 10\nUNUSED = 1"),
        ("import polars", "# comment\n\nimport polars"),
        ("return [x]", "return [ x ]"),
        (
            "    total = helper(raw, 2)\n",
            "    total = helper(raw, 2)\n    if not total:\n        raise ValueError(n)\n",
        ),
        ("return total", "print(time.time())\n    return total"),
        ("return total", "open('in.txt').read()\n    return total"),
        ("return total", "with raw as total:\n        return total"),
        ("frame * factor\n", "frame * factor\n    return\n"),
    ],
)
def test_what_is_not_seen(old, new):
    assert old in MODULE
    assert seen(MODULE) is not None
    assert seen(MODULE) == seen(MODULE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 10", "LIMIT = 11"),
        ("TIMEOUT = 5", "TIMEOUT = 'x'"),
        ("return [x]", "return [x, x]"),
        ("deeper(x):\n    return x", "deeper(x):\n    return -x"),
        ("n: int", "n: str"),
        ("-> pl.DataFrame", "-> int"),
        ("def helper", "@asset\ndef helper"),
        ("def helper", "def other"),
        ("Retry(LIMIT)", "Retry(LIMIT + 1)"),
        ('"""Orders."""', '"""Other."""'),
        ("total = helper(raw, 2)", "total = Retry(helper(raw, 2))"),
        ("total = helper(raw, 2)", "from flowstone import nothing"),
        ("total = helper(raw, 2)", "@asset\n    def nested(): pass"),
        ("total = helper(raw, 2)", "yield"),
        ("common.scale(n)", "common.asset(n)"),
        ("LIMIT = 10", "LIMIT = 10\nexported = 1"),
        ("return total + common.scale(n)", "print(total)"),
        ("return total", "import random\n    return random.random() * total"),
        ("return total", "open('out.txt', 'w').write(n)\n    return total"),
        ("return total", "TAKEN.append(n)\n    return total"),
        ("return total", "return time.time() * total"),
        ("return total", "if total:\n        return"),
        ("return total", "if total:\n        return total"),
        ("return total + common.scale(n)", "if n:\n        return total\n    helper(total, n)"),
        ("    return frame * factor", "    raise ValueError"),
        ("return frame * factor", "LIMIT.append(frame)"),
        ("return frame * factor", "LIMIT[0] = frame"),
        ("return frame * factor", "return frame * time.time()"),
        ("return total", "password = 'hunter2!'\n    return total"),
        ("return frame * factor", "return connect(token='tk-7f3a9c1e5b')"),
        ("TIMEOUT = 5", "TIMEOUT = 'AKIAIOSFODNN7EXAMPLE'"),
    ],
)
def test_what_is_seen(old, new):
    assert old in MODULE
    assert seen(MODULE) != seen(MODULE.replace(old, new))


ROUTE = """
import flowstone as fs
from flowstone import route as way
@way(choices=["a", "b"])
def one(n: int) -> str:
    return "a" if n else str(n)
@fs.route(choices=["c", "d"])
def other(n: int) -> str:
    return "c"
"""


@pytest.mark.parametrize(("old", "new"), [('"a" if', '"x" if'), ('return "c"', 'return "x"')])
def test_what_a_route_chooses_is_seen(old, new):
    assert seen(ROUTE) != seen(ROUTE.replace(old, new))
    assert seen(ROUTE) == seen(ROUTE.replace("str(n)", "str(n + 1)"))


ASKS = """
from flowstone import asset
from parts import cube
@asset(partitioned_by=cube)
def one(ctx) -> str:
    day = ctx.partition.dimensions["day"]
    return day.text
"""


def test_the_dimensions_that_a_function_asks_for_are_seen():
    assert seen(ASKS) != seen(ASKS.replace('["day"]', '["dya"]'))
    assert seen(ASKS) == seen(ASKS.replace("day.text", "day.key"))


READS = """
from flowstone import asset
@asset
def one(ctx) -> str:
    return ctx.partition.key
"""


def test_what_a_function_reads_of_its_partition_is_seen():
    assert seen(READS) != seen(READS.replace("partition.key", "partition.date"))
    assert seen(READS) != seen(READS.replace("ctx.partition.key", "ctx.partition.key if ctx.partition else 'all'"))
    assert seen(READS) == seen(READS.replace("partition.key", "partition.key + 'x'"))


ADDS = """
from flowstone import asset
@asset
def one(ctx) -> int:
    ctx.add_partitions("a", ["b"])
    return 1
"""


@pytest.mark.parametrize(("old", "new"), [('("a"', '("x"'), ("ctx.add_partitions", "ctx.log.info")])
def test_what_is_added_to_registries_is_seen(old, new):
    assert seen(ADDS) != seen(ADDS.replace(old, new))
    assert seen(ADDS) == seen(ADDS.replace('["b"]', '["c"]'))


SENSOR = """
from pipelines.words import RunRequest, sensor

@sensor(job="load", every="30s")
def look(cursor):
    found = 1
    return RunRequest("a", partition="2024-01-01")
"""


@pytest.mark.parametrize(("old", "new"), [("2024-01-01", "2024-01-02"), ("found = 1", "found = 2")])
def test_what_a_sensor_asks_for_is_seen(old, new):
    assert seen(SENSOR) != seen(SENSOR.replace(old, new))


@pytest.mark.parametrize("text", ["x = (", "x = 1  # flowstone: ignore[FS101]", "from x import *", "x = '\0'"])
def test_modules_in_which_everything_counts(text):
    assert seen(text) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("helper(raw, 2)", "helper(raw, 3)"),
        ("return total", "return None"),
        ("total = helper(raw, 2)", "total = asset"),
        ("total = helper(raw, 2)", "from flowstone import nothing"),
        ("total = helper(raw, 2)", "yield 1"),
        ("total = helper(raw, 2)", "@asset\n    def nested(): pass"),
        ("LIMIT = 10", "LIMIT = -1"),
        ("return [x]", "return [x, object()]"),
        ("raw: pl", "missing: pl"),
        ("from flowstone import Retry, asset", "from flowstone import Retry, asset, nothing"),
        ("LIMIT = 10", "LIMIT = 10\ndef orders(): pass"),
        ("return total", "if n:\n        return total"),
        ("return total + common.scale(n)", "if n:\n        return total\n    fail(n)"),
        ("return total", "return time.time() * total"),
        ("return total", "print(time.time())\n    return total"),
        ("return total", "TAKEN.append(n)\n    return total"),
        ("return total", "open('out.txt', 'w').write(n)\n    return total"),
        ("return total + common.scale(n)", "if n:\n        return total\n    helper(total, n)"),
        ("    return frame * factor", "    raise ValueError"),
        ("return frame * factor", "return frame * time.time()"),
        ("return total", "password = 'hunter2!'\n    return total"),
        ("return frame * factor", "return connect(token='tk-7f3a9c1e5b')"),
        ("from flowstone import Retry, asset", f"{ROUTE}from flowstone import Retry, asset"),
    ],
)
def test_a_check_with_the_cache_finds_what_one_without_finds(tmp_path, old, new):
    text = MODULE + "@asset\ndef raw() -> pl.DataFrame: return pl.DataFrame()\n"
    (tmp_path / "flowstone.toml").write_text('sources = ["main.py"]\nio_managers.local.type = "parquet"\n')
    (tmp_path / "common.py").write_text("def scale(x): return x\n")
    (tmp_path / "main.py").write_text(text)
    settings = load_settings(tmp_path, environment={})

    def check():
        loaded = load(settings)
        return loaded, tuple(find_all(loaded, settings))

    cache = CheckCache(settings)
    loaded, findings = check()
    cache.put(loaded.sources, findings, len(loaded.project.assets))
    assert text.count(old) == 1
    (tmp_path / "main.py").write_text(text.replace(old, new))
    loaded, findings = check()
    cached = CheckCache(settings).get()
    assert cached is not None or "3)" not in new
    if cached is not None:
        assert (cached.diagnostics, cached.assets) == (findings, len(loaded.project.assets))


_DECLARED = "from flowstone import asset\n\n\n@asset(timeout='1m')\ndef first(x: int) -> int:\n    return x\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'1m'", "'2m'"),
        ("x: int", "x: str"),
        ("-> int", "-> str"),
        ("@asset(timeout='1m')", "@asset"),
        ("first", "one"),
    ],
)
def test_heads_of_declarations_differ(old, new):
    assert not same_heads(_DECLARED, _DECLARED.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("return x", "return x + 1"), ("\n\n\n", "\n\n\nONE = 1\n\n\n")])
def test_heads_are_not_about_bodies_and_other_statements(old, new):
    assert same_heads(_DECLARED, _DECLARED.replace(old, new))
