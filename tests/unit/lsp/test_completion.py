"""What is proposed while a text is being written, and so is broken most of the time."""

import pytest
from lsprotocol import types

MAKER = '''from flowstone import DynamicPartitions, asset, resource

customers = DynamicPartitions("customers")


@resource
def shop() -> str:
    return "x"


@asset(group="core", tags=["gold"], partitioned_by=customers)
def orders() -> list[int]:
    """All orders."""
    return []


@asset(namespace="eu", io_manager="lake", path="r.parquet")
def returns() -> int:
    return 1
'''
HEAD = "import flowstone as fs\nfrom flowstone import Dep, Job, asset as made, check\n\n\n"
CONFIG = 'sources = ["pipelines"]\n[io_managers.lake]\ntype = "parquet"\n[concurrency]\nwarehouse = 2\n'


@pytest.fixture
def complete(project, client):
    """What is proposed where the text has a bar."""
    root = project({"pipelines/a.py": MAKER, "pipelines/b.py": HEAD}, config=CONFIG)
    file = root / "pipelines/b.py"
    client.open(file)
    client.wait_for(file)

    def complete(text: str) -> list[types.CompletionItem]:
        before, _, after = (HEAD + text).partition("|")
        client.change(file, before + after)
        lines = before.split("\n")
        position = types.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)
        params = types.CompletionParams(types.TextDocumentIdentifier(file.as_uri()), position)
        found = client.ask(types.TEXT_DOCUMENT_COMPLETION, params)
        complete.position = position
        return list(found.items)

    return complete


def labels(items):
    return [item.label for item in items]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@made\ndef total(|", ["orders", "returns", "shop"]),
        ('@fs.sensor(job="|")', ["core", "default"]),
        ('@fs.sensor(job="core", every=60)\ndef look(|', ["cursor", "shop"]),
        ("@made\ndef total(ord|) -> int: ...", ["orders"]),
        ("@fs.asset(\n    group='x',\n)\n@other\nasync def total(orders: int, |", ["returns", "shop"]),
        ("@made\ndef total(\n    orders: int,  # (\n    r|\n) -> int:\n    return 1\n", ["returns"]),
        ('@check(asset="eu.returns")\ndef fine(|', ["returns", "shop"]),
        ("@fs.resource\ndef mail(|", ["shop"]),
        ("@sales.on_signal\ndef sold(|", ["payload", "signal", "orders", "returns", "shop"]),
        ("@sales.on_signal\ndef sold(payload: str, ord|", ["orders"]),
        ("@sales.on_timeout\ndef late(|", ["signal", "orders", "returns", "shop"]),
        ('@made(depends_on=["|', ["orders", "eu.returns"]),
        ('@made(depends_on=["🎉", "or|"])\ndef total(): ...', ["orders"]),
        ("@made(\n    depends_on=[Dep('|", ["orders", "eu.returns"]),
        ('@made(depends_on=[Dep(as_="x", asset="|', ["orders", "eu.returns"]),
        ("@made(optional_deps=['ret|", ["eu.returns"]),
        ('@made(requires=["|', ["shop"]),
        ('@check(asset="|")', ["orders", "eu.returns"]),
        ('@made(io_manager="|', ["lake", "local"]),
        ('@made(concurrency="|', ["warehouse"]),
        ('@made(partitioned_by=fs.DynamicPartitions("|', ["customers"]),
        ('@made\ndef x(ctx):\n    ctx.add_partitions("cu|', ["customers"]),
        ('@made\ndef x(ctx):\n    ctx.add_partitions("customers", ["|', []),
        ('@made(group="|', ["core", "default"]),
        ('@made(io_manager="lake", format="|', []),
        ('job = Job("x", select="+ord|', ["orders"]),
        ('job = Job("x", select="eu.returns group:|', ["group:core", "group:default"]),
        ('job = Job("x", schedule=fs.OnUpdate("|', ["orders", "eu.returns"]),
        ('@made(schedule=fs.OnUpdate("orders", "|', ["orders", "eu.returns"]),
        ('@made(schedule=fs.OnUpdate("orders", when="|', []),
        ('job = Job("x", "*", exclude="t|', ["tag:gold", "eu.returns", "group:default"]),
    ],
)
def test_names_are_proposed_where_they_may_stand(complete, text, expected):
    assert labels(complete(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "def total(|",
        "@made\ndef total(orders: |",
        "@made\ndef total(orders: dict[str, |",
        "@made\ndef total(limit=|",
        '@made(description="|',
        '@made(depends_on=[Dep("orders", as_="|',
        'print("|',
        "|",
        'job = Job("|',
        "# @made(|",
        '@made(depends_on=["orders"])\ndef total():\n    return f("|',
    ],
)
def test_nothing_is_proposed_elsewhere(complete, text):
    assert labels(complete(text)) == []


def test_names_without_quotes_get_them(complete):
    (item,) = complete("@made(depends_on=[or|])")
    assert (item.label, item.text_edit.new_text) == ("orders", '"orders"')
    position = complete.position
    start = types.Position(position.line, position.character - 2)
    assert item.text_edit.range == types.Range(start, position)


def test_keywords_are_those_that_are_left(complete):
    found = labels(complete('@made(\n    group="x", owners=["a"],\n    |'))
    assert {"name=", "depends_on=", "partitioned_by=", "retries=", "path=", "format="} <= set(found)
    assert not {"group=", "owners=", "table=", "bucket=", "schema="} & set(found)
    assert labels(complete("@check(bl|")) == ["blocking="]
    assert "blocking=" not in labels(complete("@made(|"))
    assert labels(complete("@other(|")) == []


def test_storage_keywords_are_those_of_the_io_manager(complete):
    assert "format=" not in labels(complete('@made(io_manager="lake", |'))
    assert "path=" in labels(complete('@made(io_manager="lake", |'))


def test_an_item_tells_its_type_and_when_asked_all_about_it(complete, client):
    (item,) = complete("@made\ndef total(ord|")
    assert item.detail == "asset → list[int]"
    full = client.ask(types.COMPLETION_ITEM_RESOLVE, item)
    assert full.documentation.value.startswith("**asset** `orders` → `list[int]`\n\nAll orders.")


def test_a_long_list_is_cut_and_said_to_be(project, client):
    text = "from flowstone import asset\n" + "".join(
        f"\n\n@asset\ndef number_{number}() -> int:\n    return 1\n" for number in range(120)
    )
    root = project({"pipelines/a.py": text, "pipelines/b.py": "from flowstone import asset\n\n\n@asset\ndef a("})
    client.open(root / "pipelines/b.py")
    client.wait_for(root / "pipelines/b.py", "FS001")
    params = types.CompletionParams(**client.at(root / "pipelines/b.py", 4, 6))
    found = client.ask(types.TEXT_DOCUMENT_COMPLETION, params)
    assert (len(found.items), found.is_incomplete) == (100, True)
