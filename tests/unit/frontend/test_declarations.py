"""Declarations through aliases, loops, factories and conditions."""

# ruff: noqa: E501 - sources of projects are kept in one line where they are short

from __future__ import annotations

import pytest

from flowstone.dsl.schedule import Every


def steps(loaded):
    assert loaded.diagnostics == ()
    return list(loaded.project.steps)


@pytest.mark.parametrize(
    "text",
    [
        "from flowstone import asset\n@asset\ndef a(): ...",
        "from flowstone import asset as task\n@task()\ndef a(): ...",
        "import flowstone as fs\n@fs.asset\ndef a(): ...",
        "import flowstone\n@flowstone.asset(cache=False)\nasync def a(): ...",
        "from flowstone import *\n@asset\ndef a(): ...",
        "from flowstone.dsl.decorators import asset\n@asset\ndef a(): ...",
        "try:\n    from flowstone import asset\nexcept ImportError:\n    asset = None\n@asset\ndef a(): ...",
        "from flowstone import asset\nif True:\n    @asset\n    def a(): ...\nelse:\n    @asset\n    def b(): ...",
        "from flowstone import asset\nDEBUG = 1 > 2\nif DEBUG:\n    @asset\n    def b(): ...\nelse:\n    @asset\n    def a(): ...",
        "from flowstone import asset\nwith open('x') as f:\n    @asset\n    def a(): ...",
        "from flowstone import asset\n@asset\ndef a(): ...\nif __name__ == '__main__':\n    asset(a)",
        "import functools\nfrom flowstone import asset\n@functools.cache\n@asset\ndef a(): ...",
        "from flowstone import asset\ncommon = {'owners': ['me']}\n@asset(**common, group='g')\ndef a(): ...",
    ],
)
def test_ways_to_declare(project, text):
    assert steps(project(text)) == ["a"]


def test_alias_over_modules(project):
    loaded = project(
        {
            "lib/__init__.py": "from .words import thing",
            "lib/words.py": "from flowstone import asset as thing\n",
            "main.py": "from lib import thing as t\n@t\ndef a(): ...\n",
        }
    )
    assert steps(loaded) == ["a"]
    assert loaded.project.sources == ("main.py",)


def test_loop_over_constants(project):
    loaded = project(
        """
        from flowstone import asset
        REGIONS = ["eu", "us"]
        for region, size in zip(REGIONS, [1, 2]):
            table = f"orders_{region}"
            if region == "xx":
                continue
            @asset(name=table, group=region)
            def orders(region: str = region, size: int = size): ...
        """
    )
    assert steps(loaded) == ["orders_eu", "orders_us"]
    step = loaded.project.steps["orders_us"]
    assert [item.default for item in step.signature.config] == ["us", 2]
    assert loaded.project.assets["orders_us"].group == "us"
    assert (step.function.name, step.function.key) == ("orders", "orders_us")
    assert step.code.startswith("sha256:")


FACTORY = """
from flowstone import Dep, asset, resource

def make(region, *, suffix="raw"):
    name = f"{suffix}_{region}"

    @asset(name=name, meta={"region": region})
    def inner() -> str:
        return region

    return inner
"""


def test_factory_of_another_module_in_a_loop(project):
    loaded = project(
        {
            "factories.py": FACTORY,
            "main.py": "from factories import make\nfor r in ['eu', 'us']:\n    make(r, suffix='x')\n",
        }
    )
    assert steps(loaded) == ["x_eu", "x_us"]
    function = loaded.project.steps["x_eu"].function
    assert (function.module, function.defined_in, function.key) == ("main", "factories", "x_eu")
    assert loaded.project.steps["x_eu"].code != loaded.project.steps["x_us"].code
    assert loaded.project.assets["x_eu"].meta == {"region": "eu"}
    assert loaded.project.sources == ("factories.py", "main.py")


@pytest.mark.parametrize(
    "call",
    [
        "raw = make('eu')",
        "both = make('eu'), make('us')",
        "all_of_them = [make(r) for r in ('eu', 'us')]",
        "by_name = {r: make(r) for r in ('eu', 'us')}",
        "def every():\n    for r in ['eu', 'us']:\n        make(r)\nevery()",
        "def outer(r):\n    return make(r)\nouter('eu')",
    ],
)
def test_factory_calls(project, call):
    names = ["raw_eu", "raw_us"]
    found = steps(project({"pipe.py": FACTORY + call + "\n"}))
    assert found
    assert found == names[: len(found)]


def test_factory_with_a_value_that_cannot_be_seen(project):
    found = project.findings(FACTORY + "import os\nmake(os.environ['X'])\n")
    assert [code for code, *_ in found] == ["FS003"]


def test_factory_that_is_never_called(project):
    assert [code for code, *_ in project.findings(FACTORY)] == ["FS105"]


def test_factory_that_calls_itself(project):
    text = "from flowstone import asset\ndef f(x):\n    @asset\n    def a(): ...\n    f(x)\nf(1)\n"
    found = project.findings(text)
    assert "FS009" in [code for code, *_ in found]


def test_factory_with_constant_condition_and_inner_import(project):
    loaded = project(
        """
        def make(kind):
            from flowstone import asset
            if kind == "a":
                @asset(name="a")
                def inner(): ...
                return inner
            @asset(name="other")
            def inner(): ...
        make("a")
        make("b")
        """
    )
    assert steps(loaded) == ["a", "other"]


def test_decorator_that_may_hide_the_function(project):
    text = """
        from flowstone import asset
        def hiding(function):
            def wrapper(): return function()
            return wrapper
        def keeping(function):
            import functools
            @functools.wraps(function)
            def wrapper(): return function()
            return wrapper
        @asset
        @keeping
        def a(): ...
        @asset
        @hiding
        def b(): ...
        """
    assert project.findings(text) == [("FS003", 15, 2)]


def test_words_of_the_language_as_other_things(project):
    loaded = project(
        '''
        """This asset, that asset, and Job."""
        from flowstone import Job, asset

        @asset
        def a(ctx, rows=1):
            # an asset
            asset = "asset"
            return asset

        def helper(asset: int, job: "Job | None" = None) -> Job:
            return asset + 1

        nightly: Job = Job("nightly", "a")
        '''
    )
    assert steps(loaded) == ["a"]
    assert list(loaded.project.jobs) == ["nightly"]


def test_names_bound_in_any_module(project):
    loaded = project(
        {
            "settings.py": "import enum\nclass Group(enum.StrEnum):\n    CORE = 'core'\nBASE = 'raw'\n",
            "paths.py": "from settings import BASE\ndef path(name): return f'{BASE}/{name}.json'\n",
            "main.py": """
                import settings
                from flowstone import asset
                from paths import path
                @asset(path=path("a"), group=settings.Group.CORE)
                def a(): ...
                """,
        }
    )
    assert loaded.diagnostics == ()
    asset = loaded.project.assets["a"]
    assert asset.storage.options == {"path": "raw/a.json"}
    assert asset.group == "core"
    assert type(asset.group) is str


def test_helpers_outside_the_sources_are_followed(project):
    loaded = project(
        {
            "common/consts.py": "GROUP = 'g'\n",
            "pipelines/a.py": "from flowstone import asset\nfrom common.consts import "
            "GROUP\n@asset(group=GROUP)\ndef a(): ...\n",
            "broken.py": "def (\n",
        },
        sources=("pipelines",),
    )
    assert loaded.diagnostics == ()
    assert loaded.project.assets["a"].group == "g"
    assert loaded.project.steps["a"].function.module == "pipelines.a"


def test_import_roots_name_modules(project):
    loaded = project(
        {"src/shop/__init__.py": "", "src/shop/a.py": "from flowstone import asset\n@asset\ndef a(): ...\n"},
        sources=("src",),
        import_roots=("src",),
    )
    assert loaded.project.steps["a"].function.module == "shop.a"


def test_jobs(project):
    loaded = project(
        """
        from flowstone import Every, Job, asset
        @asset(group="x", schedule=Every("1h"))
        def a(): ...
        @asset(group="y")
        def b(a): ...
        @asset(group="y")
        def c(b): ...
        Job("named", select="c", tags=["t"])
        """
    )
    jobs = loaded.project.jobs
    assert loaded.diagnostics == ()
    assert {name: job.steps for name, job in jobs.items()} == {"named": ("c",), "a": ("a",), "y": ("b",)}
    assert jobs["a"].schedule == Every("1h")
    assert (jobs["a"].implicit, jobs["named"].implicit) == (True, False)
    assert jobs["named"].tags == {"t": ""}


def test_outputs(project):
    loaded = project(
        """
        from flowstone import Output, asset
        @asset(namespace="ml", outputs={"train": Output(path="t"), "test": Output(group="g")}, io_manager="lake")
        def split() -> tuple[int, str]: ...
        @asset
        def model(train: int, test: str): ...
        """
    )
    assert loaded.diagnostics == ()
    project_ = loaded.project
    assert project_.steps["ml.split"].outputs == {"train": "ml.train", "test": "ml.test"}
    assert {name: str(asset.type) for name, asset in project_.assets.items()} == {
        "ml.train": "int",
        "ml.test": "str",
        "model": "None",
    }
    assert project_.assets["ml.train"].storage.options == {"path": "t"}
    assert project_.assets["ml.test"].storage.manager == "lake"
    assert project_.assets["ml.test"].group == "g"
    assert project_.upstream["model"] == ("ml.split",)


def test_binding_order_and_namespaces(project):
    loaded = project(
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING, Optional
        from flowstone import Context, Dep, Offset, asset, resource, check
        if TYPE_CHECKING:
            import pandas as pd

        @resource
        def db(url: str = "x", ctx: Context = None): ...
        @resource
        def pool(db): ...
        @asset(namespace="n")
        def orders(run: "Context") -> list[int]: ...
        @asset(namespace="m", name="orders")
        def orders_of_m() -> None: ...
        @asset(namespace="n", depends_on=["m.orders", Dep("report", as_="before", partitions=Offset(-1), optional=True)],
               optional_deps=["orders"], requires=["pool"])
        def report(orders: pd.DataFrame, db, before: Optional[dict], rows: int = 5, *, context) -> "pd.DataFrame": ...
        @check(asset="n.orders")
        def fine(orders, db, limit=3): ...
        """
    )
    assert [item.message for item in loaded.diagnostics] == []
    signature = loaded.project.steps["n.report"].signature
    assert [(d.asset, d.parameter, d.optional) for d in signature.dependencies] == [
        ("n.orders", "orders", True),
        ("n.report", "before", True),
        ("m.orders", None, False),
    ]
    assert signature.context == "context"
    assert [(r.resource, r.parameter) for r in signature.resources] == [("db", "db"), ("pool", None)]
    assert str(signature.returns) == "pandas.DataFrame"
    assert str(signature.dependencies[0].type) == "pandas.DataFrame"
    assert str(signature.dependencies[1].type) == "dict | None"
    assert [(c.name, str(c.type), c.default) for c in signature.config] == [("rows", "int", 5)]
    assert loaded.project.steps["n.orders"].signature.context == "run"
    assert loaded.project.resources["pool"].signature.resources[0].resource == "db"
    (check,) = loaded.project.checks
    assert (check.asset, check.signature.dependencies[0].parameter) == ("n.orders", "orders")
    assert {"depends_on", "parameter:rows", "returns"} <= loaded.project.steps["n.report"].keywords.keys()


def test_cycle_keeps_the_source_order(project):
    loaded = project("from flowstone import asset\n@asset\ndef a(b): ...\n@asset\ndef b(a): ...\n")
    assert steps(loaded) == ["a", "b"]


@pytest.mark.parametrize(
    "leave",
    [
        "if os.environ.get('X'):\n        return",
        "for _ in os.listdir():\n        return",
        "while os.environ.get('X'):\n        return",
    ],
)
def test_factory_that_may_end_before_it_declares(project, leave):
    text = f"import os\nfrom flowstone import asset\ndef make(n):\n    {leave}\n    @asset(name=n)\n    def a(): ...\nmake('a')\n"
    assert [code for code, *_ in project.findings({"pipe.py": text})] == ["FS003"]


def test_factory_that_asks_about_other_things(project):
    loaded = project(
        """
        import os
        from flowstone import asset
        def make(n):
            if os.environ.get("VERBOSE"):
                print(n)
            total = 0
            for letter in n:
                total += 1
            @asset(name=n)
            def a(): ...
        make("a")
        """
    )
    assert steps(loaded) == ["a"]


@pytest.mark.parametrize(
    ("line", "message", "help"),
    [
        ('Job(select="*")', "'Job' needs 'name'", "write Job(name=...)"),
        ("DailyPartitions()", "'DailyPartitions' needs 'start'", "write DailyPartitions(start=...)"),
        ("StaticPartitions()", "'StaticPartitions': static partitions need at least one key", None),
        (
            "asset(partitioned_by=DailyPartitions)",
            "'partitioned_by' must be an instance of DailyPartitions",
            "call it: DailyPartitions(...)",
        ),
    ],
)
def test_values_that_lack_something(project, line, message, help):
    declared = f"@{line}" if line.startswith("asset") else f"@asset(partitioned_by={line})"
    text = line if line.startswith("Job") else f"{declared}\ndef orders(): ..."
    (found,) = project(f"from flowstone import *\n{text}\n").diagnostics
    assert (found.code, found.span.line) == ("FS005", 2)
    assert (found.message, found.help) == (message, help)
