"""Findings while one types."""

import pytest
from lsprotocol import types

from tests.unit.lsp.conftest import CONFIG

GOOD = "from flowstone import asset\n\n\n@asset\ndef orders() -> int:\n    return 1\n"
USER = "from flowstone import asset\n\n\n@asset\ndef total(orders: int) -> int:\n    return orders\n"


def test_an_edit_is_answered_with_the_findings_of_its_version(project, client):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER})
    user = root / "pipelines/b.py"
    client.open(user)
    client.wait_for(user)
    version = client.change(user, USER.replace("orders: int", "order: int"))
    (found,) = client.wait_for(user, "FS106")
    assert found.range == types.Range(types.Position(4, 10), types.Position(4, 20))
    assert found.severity == types.DiagnosticSeverity.Error
    assert found.source == "flowstone"
    assert found.message.endswith("\nhelp: did you mean 'orders'?")
    assert client.published[-1].version == version
    client.change(user, USER)
    client.wait_for(user)


def test_an_edit_of_one_file_shows_in_others_that_are_not_open(project, client):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER})
    maker, user = root / "pipelines/a.py", root / "pipelines/b.py"
    client.open(maker)
    client.wait_for(maker)
    client.change(maker, GOOD.replace("def orders", "def sales"))
    client.wait_for(user, "FS106")
    client.change(maker, GOOD)
    client.wait_for(user)


def test_the_other_place_is_told_to_editors_that_show_it(project, connect):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": GOOD})
    second = root / "pipelines/b.py"
    client = connect(root)
    (found,) = client.wait_for(second, "FS102")
    (other,) = found.related_information
    assert other.location.uri == (root / "pipelines/a.py").as_uri()
    assert other.location.range.start == types.Position(4, 4)
    plain = connect(root, capabilities=types.ClientCapabilities())
    (found,) = plain.wait_for(second, "FS102")
    assert found.related_information is None


def test_a_text_that_cannot_be_parsed_hides_nothing_of_other_files(project, client):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER})
    maker = root / "pipelines/a.py"
    client.open(maker)
    client.wait_for(maker)
    client.change(maker, GOOD + "\n\n@asset(")
    client.wait_for(maker, "FS001")
    client.change(maker, GOOD)
    client.wait_for(maker)
    assert not any(item.diagnostics for item in client.published if item.uri == (root / "pipelines/b.py").as_uri())


def test_closing_without_saving_brings_back_what_is_on_disk(project, client):
    root = project({"pipelines/a.py": GOOD})
    file = root / "pipelines/a.py"
    client.open(file, GOOD.replace("-> int", "-> itn: 1"))
    client.wait_for(file, "FS001")
    client.close(file)
    client.wait_for(file)


def test_a_deleted_file_has_no_findings_any_more(project, connect):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER.replace("orders", "order")})
    user = root / "pipelines/b.py"
    client = connect(root)
    client.wait_for(user, "FS106")
    user.unlink()
    client.changed_on_disk(user)
    client.wait_for(user)


def test_a_file_that_was_never_saved_counts_until_it_is_closed(project, client):
    root = project({"pipelines/a.py": GOOD})
    client.open(root / "pipelines/a.py")
    new = root / "pipelines/new/b.py"
    client.open(new, USER.replace("orders", "order"))
    client.wait_for(new, "FS106")
    client.change(new, USER)
    client.wait_for(new)
    client.change(new, USER.replace("orders", "order"))
    client.wait_for(new, "FS106")
    client.close(new)
    client.wait_for(new)


def test_a_file_that_is_deleted_while_it_is_open_counts_no_more(project, connect):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER.replace("orders", "order")})
    user, moved = root / "pipelines/b.py", root / "pipelines/c.py"
    client = connect(root)
    client.open(user)
    client.wait_for(user, "FS106")
    user.rename(moved)
    client.changed_on_disk(user)
    client.wait_for(moved, "FS106")
    client.wait_for(user)
    (root / "flowstone.toml").write_text(f"{CONFIG}name = 'other'\n")
    client.changed_on_disk(root / "flowstone.toml")
    moved.write_text(USER)
    client.changed_on_disk(moved)
    client.wait_for(moved)
    assert client.codes(user) == []


@pytest.mark.parametrize("file", ["helpers.py", "helpers/__init__.py"])
def test_a_module_that_is_made_beside_the_sources_is_noticed(project, connect, file):
    text = "from flowstone import asset\nfrom helpers import OWNERS\n\n\n@asset(owners=OWNERS)\ndef a() -> int: ...\n"
    root = project({"pipelines/a.py": text})
    client = connect(root)
    client.wait_for(root / "pipelines/a.py", "FS003")
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("OWNERS = ['a']\n")
    client.changed_on_disk(root / file)
    client.wait_for(root / "pipelines/a.py")


def test_a_file_that_cannot_be_read_is_told_until_it_can(project, connect):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER})
    maker, user = root / "pipelines/a.py", root / "pipelines/b.py"
    client = connect(root)
    client.open(maker)
    client.wait_for(maker)
    user.write_bytes(USER.encode("utf-16"))
    client.changed_on_disk(user)
    client.wait_for(user, "FS002")
    client.change(maker, GOOD.replace("orders()", "sales(more: int)"))
    client.wait_for(maker, "FS106")
    client.change(maker, GOOD.replace("orders", "sales"))
    client.wait_for(maker)
    assert client.codes(user) == ["FS002"]
    user.write_text(USER)
    client.changed_on_disk(user)
    client.wait_for(user, "FS106")


def test_files_that_change_on_disk_are_noticed_without_being_told(project, connect):
    root = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER})
    maker, user = root / "pipelines/a.py", root / "pipelines/b.py"
    client = connect(root, capabilities=types.ClientCapabilities())
    assert client.registered == []
    client.open(user)
    client.wait_for(user)
    maker.write_text(GOOD.replace("orders", "sales"))
    client.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(user.as_uri())))
    client.wait_for(user, "FS106")


def test_a_broken_configuration_is_a_finding_in_its_file(project, connect):
    root = project({"pipelines/a.py": GOOD.replace("-> int", "-> int\n  x")})
    config, file = root / "flowstone.toml", root / "pipelines/a.py"
    client = connect(root)
    client.wait_for(file, "FS001")
    config.write_text('sources = ["pipelines"]\nsauces = 1\n')
    client.changed_on_disk(config)
    (found,) = client.wait_for(config, "configuration")
    assert found.range.start.line == 1
    assert "sauces" in found.message
    config.write_text('sources = ["pipelines"')
    client.changed_on_disk(config)
    client.wait(lambda: "sauces" not in client.shown(config)[0].message)
    config.write_text('sources = ["pipelines"]\n')
    client.changed_on_disk(config)
    client.wait_for(config)
    client.wait_for(file, "FS001")


def test_findings_about_the_configuration_stand_in_it(project, connect):
    text = GOOD.replace("@asset\n", '@asset(io_manager="store", path="x.parquet")\n')
    root = project({"pipelines/a.py": text}, config='sources = ["pipelines"]\n[io_managers.store]\ntype = "parket"\n')
    client = connect(root)
    (found,) = client.wait_for(root / "flowstone.toml", "FS304")
    assert found.range == types.Range(types.Position(2, 0), types.Position(2, 15))


def test_positions_count_in_the_units_of_the_editor(project, connect):
    text = GOOD + '\n\n@asset(description="🎉", owners=["é"], retires=3)\ndef other() -> int:\n    return 1\n'
    root = project({"pipelines/a.py": text})
    file, start = root / "pipelines/a.py", '@asset(description="🎉", owners=["é"], '
    for encoding, width in (("utf-8", 1), ("utf-16", 2), ("utf-32", 4)):
        general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])
        client = connect(root, capabilities=types.ClientCapabilities(general=general))
        assert client.result.capabilities.position_encoding == encoding
        (found,) = client.wait_for(file, "FS006")
        units = len(start.encode({"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding])) // width
        assert found.range.start == types.Position(8, units)


def test_line_ends_of_every_kind_count(project, client):
    text = GOOD.replace("-> int", "-> int", 1).replace("@asset\n", "@asset(retires=3)\n")
    root = project({"pipelines/a.py": "\ufeff" + text.replace("\n", "\r\n")})
    file = root / "pipelines/a.py"
    client.open(file)
    assert client.wait_for(file, "FS006")[0].range.start == types.Position(3, 7)
    client.change(file, text.replace("\n", "\r"))
    client.wait(lambda: client.published[-1].version == 2)
    assert client.shown(file)[0].range.start == types.Position(3, 7)


def test_texts_that_no_file_could_hold_are_told(project, client):
    root = project({"pipelines/a.py": GOOD})
    file = root / "pipelines/a.py"
    client.open(file, GOOD + "# \0\n")
    client.wait_for(file, "FS002")
    client.change(file, GOOD)
    client.wait_for(file)


def test_files_outside_of_a_project_are_none_of_its_business(project, connect, tmp_path):
    root = project({"pipelines/a.py": GOOD.replace("int", "itn(")})
    outside = tmp_path / "outside.py"
    outside.write_text("def broken(")
    client = connect()
    client.open(outside)
    client.client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem("untitled:Untitled-1", "python", 1, "def broken("))
    )
    client.open(root / "pipelines/a.py")
    client.wait_for(root / "pipelines/a.py", "FS001")
    assert {item.uri for item in client.published} == {(root / "pipelines/a.py").as_uri()}


def test_several_folders_are_several_projects(project, connect):
    first = project({"pipelines/a.py": GOOD, "pipelines/b.py": USER}, folder="first")
    second = project({"pipelines/b.py": USER}, folder="second")
    client = connect(first)
    client.open(first / "pipelines/b.py")
    client.wait_for(first / "pipelines/b.py")
    folder = types.WorkspaceFolder(second.as_uri(), "second")
    event = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
    client.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    client.wait_for(second / "pipelines/b.py", "FS106")
    event = types.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
    client.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    client.wait_for(second / "pipelines/b.py")


def test_what_a_letter_changes_is_seen_and_nothing_else_is_lost(project, client):
    plain = GOOD.replace(" -> int", "")
    hidden = plain.replace("orders():", "orders():  # flowstone: ignore[FS302]")
    root = project({"pipelines/a.py": hidden, "pipelines/b.py": USER.replace("orders", "order")})
    maker, user = root / "pipelines/a.py", root / "pipelines/b.py"
    client.open(maker)
    client.wait_for(user, "FS106")
    client.wait_for(maker)
    texts = [
        plain,
        plain.replace("return 1", "return 2"),
        hidden,
        hidden.replace("return 1", "return 2"),
        GOOD,
        GOOD + "#",
        "\n" + GOOD,
        "\n\n" + plain,
    ]
    codes = [["FS302"], ["FS302"], [], [], [], [], [], ["FS302"]]
    for text, expected in zip(texts, codes, strict=True):
        version = client.change(maker, text)
        client.wait(lambda version=version: client.published[-1].version == version)
        assert client.codes(maker) == expected
        assert client.codes(user) == ["FS106"]
