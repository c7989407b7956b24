"""What fixes make of source that is written in many ways: edits where they are sure, and nothing where they are not."""

# ruff: noqa: E501

from __future__ import annotations

import textwrap

import pytest

from flowstone.checks.fixing import fix_findings
from flowstone.checks.selection import STRICT

HEAD = """\
from flowstone import AllPartitions, Cron, DailyPartitions, Dep, Job, Last, Offset, asset, check, resource
"""
ORDERS = """

@asset
def orders() -> list[int]:
    return [1, 2]
"""
DAYS = '\ndays = DailyPartitions(start="2024-01-01", timezone="UTC")\n'
SALES = """

@asset(partitioned_by=days)
def sales() -> list[int]:
    return [1, 2]
"""
INT = ["def x() -> int:", "    return 1"]


def block(*lines: str) -> str:
    return "\n\n" + "\n".join(lines) + "\n"


@pytest.fixture
def fixed(settings_of):
    """The text that fixing makes of a module, and the safe fixes alone of it."""

    def run(
        text: str, *, unsafe: bool = True, strict: bool = False, other: dict[str, str] | None = None
    ) -> dict[str, str]:
        files = {"pipelines/a.py": text, **(other or {})}

        def counts(item):
            return strict or item.code not in STRICT

        def allowed(item):
            return counts(item) and (unsafe or item.fix.safe)

        outcome = fix_findings(settings_of(files), allowed, counts)
        return {path: outcome.after.texts[path] for path in files}

    return run


SHAPES = {
    "a keyword": (ORDERS, "@asset(retires=3)", "@asset(retries=3)", INT),
    "a keyword of two lines": (
        ORDERS,
        "@asset(\n    retires=3,  # often\n)",
        "@asset(\n    retries=3,  # often\n)",
        INT,
    ),
    "a keyword in a mapping": (ORDERS, '@asset(**{"retires": 3})', '@asset(**{"retries": 3})', INT),
    "a keyword of a type": (
        "",
        '@asset(schedule=Cron("@daily", tz="UTC"))',
        '@asset(schedule=Cron("@daily", timezone="UTC"))',
        INT,
    ),
    "single quotes": (ORDERS, "@asset(depends_on=['order'])", "@asset(depends_on=['orders'])", INT),
    "triple quotes": (ORDERS, '@asset(depends_on=["""order"""])', '@asset(depends_on=["""orders"""])', INT),
    "a raw text": (ORDERS, '@asset(depends_on=[r"order"])', '@asset(depends_on=[r"orders"])', INT),
    "a text in two pieces stays": (ORDERS, '@asset(depends_on=["or" "der"])', '@asset(depends_on=["or" "der"])', INT),
    "a text with escapes stays": (ORDERS, '@asset(depends_on=["\\x6frder"])', '@asset(depends_on=["\\x6frder"])', INT),
    "a text that is computed stays": (
        ORDERS,
        '@asset(depends_on=["or" + "der"])',
        '@asset(depends_on=["or" + "der"])',
        INT,
    ),
    "the asset of a Dep": (
        ORDERS,
        '@asset(depends_on=[Dep("order", as_="order")])',
        '@asset(depends_on=[Dep("orders", as_="order")])',
        ["def x(order: list[int]) -> int:", "    return 1"],
    ),
    "the alias of a Dep": (
        ORDERS,
        '@asset(depends_on=[Dep("orders", as_="al")])',
        '@asset(depends_on=[Dep("orders", as_="all")])',
        ["def x(all: list[int]) -> int:", "    return 1"],
    ),
    "between umlauts": (
        ORDERS,
        '@asset(meta={"ä": "ö"}, depends_on=["order"], description="ü")  # ß',
        '@asset(meta={"ä": "ö"}, depends_on=["orders"], description="ü")  # ß',
        INT,
    ),
    "the same twice": (ORDERS, '@asset(depends_on=["orders", "orders"])', '@asset(depends_on=["orders"])', INT),
    "the same twice in a tuple": (
        ORDERS,
        '@asset(depends_on=("orders", "orders"))',
        '@asset(depends_on=("orders", "orders"))',
        INT,
    ),
    "the same in lines": (
        ORDERS,
        '@asset(\n    depends_on=[\n        "orders",  # one\n        "orders",\n    ],\n)',
        '@asset(\n    depends_on=[\n        "orders",  # one\n    ],\n)',
        INT,
    ),
    "the same with a comment": (
        ORDERS,
        '@asset(\n    depends_on=[\n        "orders",\n        "orders",  # two\n    ],\n)',
        '@asset(\n    depends_on=[\n        "orders",\n        # two\n    ],\n)',
        INT,
    ),
    "the same in brackets stays": (
        ORDERS,
        '@asset(depends_on=["orders", ("orders")])',
        '@asset(depends_on=["orders", ("orders")])',
        INT,
    ),
    "the same said otherwise stays": (
        ORDERS,
        '@asset(depends_on=["orders", Dep("orders")])',
        '@asset(depends_on=["orders", Dep("orders")])',
        INT,
    ),
    "a list of one": ("", '@asset(owners="me")', '@asset(owners=["me"])', INT),
    "a function for its name": (ORDERS, "@asset(depends_on=[orders])", '@asset(depends_on=["orders"])', INT),
    "functions for their names": (
        DAYS + ORDERS + SALES,
        "@asset(depends_on=[orders, sales])",
        '@asset(depends_on=["orders", "sales"])',
        INT,
    ),
    "a function in a Dep": (ORDERS, "@asset(depends_on=[Dep(orders)])", '@asset(depends_on=[Dep("orders")])', INT),
    "a type for its instance": (
        DAYS + SALES,
        '@asset(depends_on=[Dep("sales", partitions=AllPartitions)])',
        '@asset(depends_on=[Dep("sales", partitions=AllPartitions())])',
        ["def x(sales: dict[str, list[int]]) -> int:", "    return 1"],
    ),
    "a zone at the end": (
        "",
        '@asset(schedule=Cron("@daily",))',
        '@asset(schedule=Cron("@daily", timezone="UTC",))',
        INT,
    ),
    "a zone in lines": (
        "",
        '@asset(schedule=Cron(\n    "@daily"  # at midnight (of where?)\n))',
        '@asset(schedule=Cron(\n    "@daily", timezone="UTC"  # at midnight (of where?)\n))',
        INT,
    ),
    "a zone behind brackets stays": ("", '@asset(schedule=Cron(("@daily")))', '@asset(schedule=Cron(("@daily")))', INT),
    "a zone by name": (
        '\nDAILY = Cron("@daily")\nAGAIN = DAILY\n',
        "@asset(schedule=AGAIN)",
        "@asset(schedule=AGAIN)",
        INT,
    ),
    "a zone in another case": (
        "",
        '@asset(schedule=Cron("@daily", timezone="europe/berlin"))',
        '@asset(schedule=Cron("@daily", timezone="Europe/Berlin"))',
        INT,
    ),
    "a name for a cron expression": (
        "",
        '@asset(schedule=Cron("@Dayly", timezone="UTC"))',
        '@asset(schedule=Cron("@daily", timezone="UTC"))',
        INT,
    ),
    "a path with a folder": (
        DAYS,
        '@asset(partitioned_by=days, path="a/b.c.json")',
        '@asset(partitioned_by=days, path="a/b/{partition}.c.json")',
        INT,
    ),
    "a path without a suffix": (
        DAYS,
        '@asset(partitioned_by=days, path="a")',
        '@asset(partitioned_by=days, path="a/{partition}")',
        INT,
    ),
    "a path from an f-string stays": (
        DAYS,
        '@asset(partitioned_by=days, path=f"a/{1}.json")',
        '@asset(partitioned_by=days, path=f"a/{1}.json")',
        INT,
    ),
}


@pytest.mark.parametrize(("head", "before", "after", "function"), SHAPES.values(), ids=SHAPES)
def test_a_decorator(head, before, after, function, fixed):
    text = HEAD + head + block(before, *function)

    result = fixed(text)["pipelines/a.py"]

    if "by name" in before or "AGAIN" in before:
        assert result == text.replace('Cron("@daily")', 'Cron("@daily", timezone="UTC")')
    else:
        assert result == HEAD + head + block(after, *function)


FUNCTIONS = {
    "a parameter and its uses": (
        "def x(order: list[int], n: int = 1) -> int:\n    order = [*order, n]\n    return sum(o for o in order) + len(order)",
        "def x(orders: list[int], n: int = 1) -> int:\n    orders = [*orders, n]\n    return sum(o for o in orders) + len(orders)",
    ),
    "a parameter in an f-string": (
        'def x(order: list[int]) -> str:\n    return f"{order} of {len(order)!r:>{len(order)}}"',
        'def x(orders: list[int]) -> str:\n    return f"{orders} of {len(orders)!r:>{len(orders)}}"',
    ),
    "a parameter in a function inside": (
        "def x(order: list[int]) -> int:\n    def inner() -> int:\n        return len(order)\n\n    return inner()",
        "def x(orders: list[int]) -> int:\n    def inner() -> int:\n        return len(orders)\n\n    return inner()",
    ),
    "an async function of keywords only": (
        "async def x(\n    *,\n    order: list[int],  # all\n) -> int:\n    return len(order)",
        "async def x(\n    *,\n    orders: list[int],  # all\n) -> int:\n    return len(orders)",
    ),
    "texts, attributes and keywords of the name stay": (
        'def x(order: list[int]) -> int:\n    return x.order(order="order", by=order)  # order',
        'def x(orders: list[int]) -> int:\n    return x.order(order="order", by=orders)  # order',
    ),
}
STAY = {
    "the new name is used": "def x(order: list[int]) -> int:\n    return len(orders()) + len(order)",
    "bound inside again": "def x(order: list[int]) -> int:\n    return [order for order in order][0]",
    "a function inside has it too": "def x(order: list[int]) -> int:\n    return (lambda order: order)(len(order))",
    "by its name": 'def x(order: list[int]) -> int:\n    return locals()["order"][0] + len(order)',
    "imported inside": "def x(order: list[int]) -> int:\n    import order\n\n    return len(order)",
    "caught inside": "def x(order: list[int]) -> int:\n    try:\n        return 1\n    except OSError as order:\n        return order",
    "matched inside": "def x(order: list[int]) -> int:\n    match order:\n        case [*order]:\n            return 1\n    return 2",
    "no name is near": "def x(facts: list[int]) -> int:\n    return len(facts)",
}


@pytest.mark.parametrize(("before", "after"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_parameter_is_renamed(before, after, fixed):
    assert fixed(HEAD + ORDERS + block("@asset", before))["pipelines/a.py"] == HEAD + ORDERS + block("@asset", after)


@pytest.mark.parametrize("text", STAY.values(), ids=STAY)
def test_a_parameter_is_not_renamed_where_its_uses_cannot_be_seen(text, fixed):
    whole = HEAD + ORDERS + block("@asset", text)

    assert fixed(whole)["pipelines/a.py"] == whole


def test_a_parameter_of_an_indented_function_is_renamed(fixed):
    text = (
        HEAD
        + ORDERS
        + block(
            "for n in ('a', 'b'):",
            "",
            "    @asset(name=n)",
            "    def x(order: list[int]) -> int:",
            "        return len(order)",
        )
    )

    assert fixed(text)["pipelines/a.py"] == text.replace("order:", "orders:").replace("(order)", "(orders)")


ANNOTATIONS = {
    "days": ("week: list[int]", "week: dict[str, list[int]]"),
    "quoted": ('week: "list[int]"', 'week: "dict[str, list[int]]"'),
    "in lines": (
        "\n    week: list[\n        int  # cents\n    ],\n",
        "\n    week: dict[str, list[\n        int  # cents\n    ]],\n",
    ),
    "what does not fit stays": ("week: list[str]", "week: list[str]"),
}


@pytest.mark.parametrize(("before", "after"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_many_keys(before, after, fixed):
    decorator = '@asset(partitioned_by=days, depends_on=[Dep("sales", as_="week", partitions=Last(days=3))])'

    def text(parameter: str) -> str:
        return HEAD + DAYS + SALES + block(decorator, f"def x({parameter}) -> int:", "    return len(week)")

    assert fixed(text(before))["pipelines/a.py"] == text(after)


OPTIONAL = {
    "a name": ("before: int", "before: int | None"),
    "a union": ("before: int | float", "before: int | float | None"),
    "a generic": ("before: dict[str, int]", "before: dict[str, int] | None"),
    "quoted": ("before: 'int'", "before: 'int | None'"),
}


@pytest.mark.parametrize(("before", "after"), OPTIONAL.values(), ids=OPTIONAL)
def test_the_first_partition_has_none_before(before, after, fixed):
    decorator = '@asset(partitioned_by=days, depends_on=[Dep("x", as_="before", partitions=Offset(-1))])'
    returns = "dict[str, int]" if "dict" in before else "int"

    def text(parameter: str) -> str:
        return HEAD + DAYS + block(decorator, f"def x({parameter}) -> {returns}:", "    return before or 1")

    assert fixed(text(before))["pipelines/a.py"] == text(after)


def test_one_value_where_one_key_arrives(fixed):
    def text(annotation: str) -> str:
        return HEAD + ORDERS + block("@asset", f"def x(orders: {annotation}) -> int:", "    return len(orders)")

    assert fixed(text("dict[str, list[int]]"))["pipelines/a.py"] == text("list[int]")
    assert fixed(text("dict[str, list[str]]"))["pipelines/a.py"] == text("dict[str, list[str]]")


RETURNS = {
    "a text": ('return "a"', "str"),
    "an f-string": ('return f"{1}"', "str"),
    "truth": ("return not 1", "bool"),
    "pairs": ('return {"a": [1.5]}', "dict[str, list[float]]"),
    "two of a kind": ("if 1:\n        return 1\n    return 2", "int"),
    "two of different kinds": ("if 1:\n        return 1\n    return 'a'", None),
    "a call": ("return max(1, 2)", None),
    "an end without": ("if 1:\n        return 1", None),
    "an empty list": ("return []", None),
}


@pytest.mark.parametrize(("body", "returns"), RETURNS.values(), ids=RETURNS)
def test_a_return_annotation(body, returns, fixed):
    def text(annotation: str) -> str:
        return HEAD + block("@asset", f"def x(  # what\n    a: int = (1),\n){annotation}:", f"    {body}")

    assert fixed(text(""))["pipelines/a.py"] == text(f" -> {returns}" if returns else "")


IGNORES = {
    "alone behind code": ("def x() -> int:  # flowstone: ignore[FS302]", "def x() -> int:"),
    "with words behind": ("def x() -> int:  # flowstone: ignore[FS302] for now", "def x() -> int:  # for now"),
    "before another": ("def x() -> int:  # flowstone: ignore[FS302]  # noqa: E1", "def x() -> int:  # noqa: E1"),
    "behind another": ("def x() -> int:  # noqa: E1  # flowstone: ignore[FS302]", "def x() -> int:  # noqa: E1"),
    "within another": ("def x() -> int:  # noqa: E1 # flowstone: ignore[FS302] so", "def x() -> int:  # noqa: E1 so"),
    "on its own line": ("def x() -> int:\n    # flowstone: ignore[FS302]", "def x() -> int:"),
    "one of two": ("def x():  # flowstone: ignore[FS703, FS302]", "def x():  # flowstone: ignore[FS302]"),
    "by name": (
        "def x():  # flowstone: ignore[secret-literal,missing-return-annotation]",
        "def x():  # flowstone: ignore[missing-return-annotation]",
    ),
    "both": ("def x() -> int:  # flowstone: ignore[FS703, FS302]", "def x() -> int:"),
    "of the file": ("def x() -> int:  # flowstone: ignore-file[FS302]", "def x() -> int:"),
    "without a code": ("def x() -> int:  # flowstone: ignore", "def x() -> int:"),
}


@pytest.mark.parametrize(("before", "after"), IGNORES.values(), ids=IGNORES)
def test_a_comment_that_hides_nothing(before, after, fixed):
    text = HEAD + block("@asset", before, "    return max(1, 2)")

    assert fixed(text, unsafe=False)["pipelines/a.py"] == HEAD + block("@asset", after, "    return max(1, 2)")


def test_a_misspelt_name_in_a_comment(fixed):
    text = HEAD + block("@asset", "def x():  # flowstone: ignore[missing-return-anotation]", "    return max(1, 2)")

    assert fixed(text)["pipelines/a.py"] == text.replace("anotation", "annotation")


def test_a_comment_at_the_end_of_a_file_without_a_line_end(fixed):
    text = HEAD + block("@asset", *INT) + "# flowstone: ignore-file[FS302]"

    assert fixed(text)["pipelines/a.py"] == text.removesuffix("# flowstone: ignore-file[FS302]")


IMPORTS = {
    "in order": ("from flowstone import Cron, asset", "from flowstone import Cron, Retry, asset"),
    "at the end": ("from flowstone import Cron", "from flowstone import Cron, Retry"),
    "in lines": (
        "from flowstone import (\n    Cron,  # by the clock\n    asset,\n)",
        "from flowstone import (\n    Cron,  # by the clock\n    Retry, asset,\n)",
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS)
def test_a_name_that_was_not_imported(before, after, fixed):
    rest = "\nimport flowstone" + block("@flowstone.asset(retries=Retry(2))", *INT)

    assert fixed(before + rest)["pipelines/a.py"] == after + rest


def test_a_name_of_a_module_that_was_imported(fixed):
    text = "import flowstone as fs" + block("@fs.asset(retries=Retry(2))", *INT)

    assert fixed(text)["pipelines/a.py"] == text.replace("Retry", "fs.Retry")


def test_a_misspelt_import_and_its_uses(fixed):
    text = "from flowstone import DayliPartitions, asset" + block(
        "@asset(partitioned_by=DayliPartitions(start='2024-01-01'))", *INT
    )

    assert fixed(text)["pipelines/a.py"] == text.replace("Dayli", "Daily")


def test_a_constant_of_another_file(fixed):
    names = 'ORDERS = "order"  # which\n'
    text = (
        "from flowstone import asset\nfrom pipelines.names import ORDERS"
        + ORDERS
        + block("@asset(depends_on=[ORDERS])", *INT)
    )

    result = fixed(text, other={"pipelines/names.py": names, "pipelines/__init__.py": ""})

    assert result == {
        "pipelines/a.py": text,
        "pipelines/names.py": 'ORDERS = "orders"  # which\n',
        "pipelines/__init__.py": "",
    }


def test_a_constant_that_is_bound_twice_stays(fixed):
    text = (
        HEAD
        + ORDERS
        + '\nNAME = "order"\n\ndef f() -> None:\n    NAME = 1\n'
        + block("@asset(depends_on=[NAME])", *INT)
    )

    assert fixed(text)["pipelines/a.py"] == text


def test_several_assets_with_one_wrong_constant_are_one_fix(fixed, settings_of):
    zone = '\ndays = DailyPartitions(start="2024-01-01", timezone="Europe/Berln")\n'
    text = HEAD + zone + SALES + SALES.replace("sales", "costs")

    assert fixed(text)["pipelines/a.py"] == text.replace("Berln", "Berlin")


STRICTLY = {
    "an upstream": ("orders", "orders: list[int]"),
    "a default": ("n=1, *, m = 'a'", "n: int = 1, *, m: str = 'a'"),
    "no default that tells": ("n=None", "n=None"),
}


@pytest.mark.parametrize(("before", "after"), STRICTLY.values(), ids=STRICTLY)
def test_parameters_are_annotated(before, after, fixed):
    def text(parameters: str) -> str:
        return HEAD + ORDERS + block("@asset", f"def x({parameters}) -> int:", "    return 1")

    assert fixed(text(before), strict=True)["pipelines/a.py"] == text(after)


SLASHES = {
    "at the end": ("(a: int = 1 / 2, /)", "(a: int = 1 / 2)"),
    "between": ("(a: int = 1, /, b: int = 2)", "(a: int = 1, b: int = 2)"),
    "in a line": (
        "(\n    a: int = 1,\n    /,  # these\n    b: int = 2,\n)",
        "(\n    a: int = 1,\n    # these\n    b: int = 2,\n)",
    ),
}


@pytest.mark.parametrize(("before", "after"), SLASHES.values(), ids=SLASHES)
def test_parameters_without_a_name(before, after, fixed):
    before, after = before.replace("int = 1 / 2", "float = 1 / 2"), after.replace("int = 1 / 2", "float = 1 / 2")
    text = HEAD + block("@asset", f"def x{before} -> int:", "    return 1")

    assert fixed(text, unsafe=False)["pipelines/a.py"] == text.replace(before, after)


def test_a_selector(fixed):
    text = HEAD + ORDERS + '\nnightly = Job("nightly", "+order,orders tag:order")\n'

    assert fixed(textwrap.dedent(text).replace(" tag:order", ""))["pipelines/a.py"] == text.replace(
        "+order,", "+orders,"
    ).replace(" tag:order", "")
