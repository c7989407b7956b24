"""What is shown of a name, where it is declared, and where else it is."""

import pytest
from lsprotocol import types

MAKER = '''from flowstone import Context, DailyPartitions, Job, asset, check, resource

days = DailyPartitions(start="2024-01-01", timezone="Europe/Paris")


@resource
def shop(url: str = "x") -> str:
    """Where orders come from."""
    return url


@asset(partitioned_by=days, group="core", owners=["ann"], tags={"tier": "gold"}, path="o/{partition}.json")
def orders(ctx: Context, shop: str) -> list[int]:
    """All orders of a day."""
    return [len(shop)]


@asset(namespace="eu", name="returns", partitioned_by=days)
def make_returns(orders: list[int]) -> int:
    return sum(orders) + len([orders for orders in "ab"])


@check(asset="orders", blocking=True)
def not_empty(orders: list[int]) -> bool:
    return bool(orders)


nightly = Job("nightly", select="+returns,group:default orders")
'''
USER = """from flowstone import Dep, asset

UPSTREAM = "orders"


@asset(depends_on=[Dep("eu.returns", as_="back"), "orders"], optional_deps=["returns"], requires=["shop"])
def é_total(back: dict[str, int]) -> int:
    label = "🎉"; return len(label) + len(back)


@asset(depends_on=[UPSTREAM])
def other() -> int:
    return 1
""".replace("é_total", "total")


@pytest.fixture
def files(project, client):
    root = project({"pipelines/a.py": MAKER, "pipelines/b.py": USER})
    paths = root / "pipelines/a.py", root / "pipelines/b.py"
    for path in paths:
        client.open(path)
        client.wait_for(path)
    return paths


def hover(client, path, *near):
    found = client.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(**client.near(path, *near)))
    return None if found is None else found.contents.value


def test_hover_tells_all_about_an_asset(client, files):
    maker, user = files
    text = hover(client, maker, "orders(ctx")
    assert text == (
        "**asset** `orders` → `list[int]`\n\nAll orders of a day.\n\n"
        "- partitions: `DailyPartitions(start='2024-01-01T00:00', timezone='Europe/Paris')`\n"
        '- stored by `local` (filesystem): `path="o/{partition}.json"`\n'
        "- group: `core`\n- owners: ann\n- tags: `tier=gold`\n- needs: nothing\n"
        "- used by: `eu.returns`, `other`, `total`\n- resources: `shop`\n- checks: `not_empty`\n- jobs: `nightly`"
    )
    for near in (["make_returns(orders", "orders"], ['asset="orders"', "orders"], ["sum(orders)", "orders"]):
        assert hover(client, maker, *near) == text
    assert hover(client, user, '"orders"]', "orders") == text
    assert hover(client, user, "def other") is None


def test_hover_tells_of_resources_jobs_checks_and_partitions(client, files):
    maker, user = files
    assert hover(client, user, '"shop"', "shop").startswith("**resource** `shop` → `str`\n\nWhere orders come from.")
    assert "- runs: `orders`, `eu.returns`" in hover(client, maker, '"nightly"', "nightly")
    assert hover(client, maker, "not_empty").startswith("**blocking check** `not_empty`")
    assert (
        hover(client, maker, "partitioned_by=days", "days")
        == "`DailyPartitions(start='2024-01-01T00:00', timezone='Europe/Paris')`"
    )
    assert hover(client, maker, "+returns", "returns").startswith("**asset** `eu.returns`")


def test_the_range_of_a_hover_is_the_name(client, files):
    found = client.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(**client.near(files[1], "len(back)", "back")))
    assert found.range == types.Range(types.Position(7, 42), types.Position(7, 46))


def test_names_lead_to_their_declaration(client, files, places):
    maker, user = files

    def go(path, *near):
        params = types.DefinitionParams(**client.near(path, *near))
        return places(client.ask(types.TEXT_DOCUMENT_DEFINITION, params))

    assert go(user, "back: dict") == ["a.py:18:returns"]
    assert go(user, '"eu.returns"', "eu.") == ["a.py:18:returns"]
    assert go(user, '["returns"]', "returns") == ["a.py:18:returns"]
    assert go(user, '"shop"', "shop") == ["a.py:7:shop"]
    assert go(maker, "make_returns(orders", "orders") == ["a.py:13:orders"]
    assert go(maker, "sum(orders)", "orders") == ["a.py:13:orders"]
    assert go(maker, "[orders for", "orders") == []
    assert go(maker, "nightly = ") == []


def test_references_are_parameters_texts_and_expressions(client, files, places):
    maker, user = files

    def find(declaration, path, *near):
        context = types.ReferenceContext(include_declaration=declaration)
        params = types.ReferenceParams(context=context, **client.near(path, *near))
        return places(client.ask(types.TEXT_DOCUMENT_REFERENCES, params))

    assert find(False, maker, "orders(ctx") == [
        "a.py:19:orders",
        "a.py:20:orders",
        "a.py:23:orders",
        "a.py:24:orders",
        "a.py:25:orders",
        "a.py:28:orders",
        "b.py:11:UPSTREAM",
        "b.py:6:orders",
    ]
    assert find(True, user, "back: dict") == [
        "a.py:18:returns",
        "a.py:28:returns",
        "b.py:6:eu.returns",
        "b.py:6:returns",
        "b.py:7:back",
        "b.py:8:back",
    ]
    assert find(True, maker, "shop(url") == ["a.py:13:shop", "a.py:15:shop", "a.py:7:shop", "b.py:6:shop"]


def test_all_places_of_a_name_in_the_file_are_marked(client, files):
    params = types.DocumentHighlightParams(**client.near(files[1], "back: dict"))
    found = client.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, params)
    assert sorted(item.range.start.line for item in found) == [5, 5, 6, 7]


def test_a_broken_text_still_knows_its_words(client, files):
    _, user = files
    client.change(user, USER + "\n\n@asset(depends_on=['orders'\n")
    client.wait_for(user, "FS001")
    params = types.HoverParams(**client.at(user, 15, 22))
    assert client.ask(types.TEXT_DOCUMENT_HOVER, params).contents.value.startswith("**asset** `orders`")


def test_symbols_of_a_file_and_of_the_workspace(client, files):
    maker, _ = files
    identifier = types.TextDocumentIdentifier(maker.as_uri())
    found = client.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(identifier))
    assert [(item.name, item.detail) for item in found] == [
        ("shop", "resource"),
        ("orders", "asset"),
        ("eu.returns", "asset"),
        ("not_empty", "check"),
        ("nightly", "job"),
    ]
    found = client.ask(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolParams("eurt"))
    mine = [item for item in found if item.location.uri == maker.as_uri()]
    assert [(item.name, item.container_name) for item in mine] == [("eu.returns", "asset")]


def test_places_that_mean_nothing_are_answered_with_nothing(client, files, tmp_path):
    outside = tmp_path / "outside.py"
    outside.write_text("x = 1\n")
    client.open(outside)
    for path, line in ((files[0], 1), (files[0], 9999), (outside, 0)):
        assert client.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(**client.at(path, line, 0))) is None
        assert client.ask(types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(**client.at(path, line, 0))) is None
