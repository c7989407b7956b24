"""Fixes and comments, as an editor offers them."""

from lsprotocol import types

HEAD = "from flowstone import asset\n\n\n"
MISSPELT = HEAD + "@asset(retires=3)\ndef orders() -> int:\n    return 1\n"
UNTYPED = HEAD + '@asset\ndef orders():\n    return """\n"""\n'


def actions(client, file, line, only=None):
    place = types.Range(types.Position(line, 0), types.Position(line, 1000))
    context = types.CodeActionContext(diagnostics=client.shown(file), only=only)
    params = types.CodeActionParams(types.TextDocumentIdentifier(file.as_uri()), place, context)
    return list(client.ask(types.TEXT_DOCUMENT_CODE_ACTION, params))


def test_a_fix_is_offered_at_its_finding(project, client, edited):
    root = project({"pipelines/a.py": MISSPELT})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS006")
    (fix,) = actions(client, file, 3, [types.CodeActionKind.QuickFix])
    assert fix.diagnostics[0].code == "FS006"
    assert edited(file, fix.edit) == MISSPELT.replace("retires", "retries")
    client.change(file, edited(file, fix.edit))
    client.wait_for(file)
    assert actions(client, file, 3) == []


def test_a_finding_can_be_hidden_by_a_comment(project, client, edited):
    root = project({"pipelines/a.py": UNTYPED})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS302")
    (ignore,) = [item for item in actions(client, file, 4) if "comment" in item.title]
    assert ignore.title == "Ignore FS302 here with a comment"
    text = edited(file, ignore.edit)
    assert text == UNTYPED.replace("orders():", "orders():  # flowstone: ignore[FS302]")
    client.change(file, text)
    client.wait_for(file)


def test_a_comment_that_is_there_takes_the_code_too(project, client, edited):
    text = UNTYPED.replace("orders():", "orders():  # flowstone: ignore[FS301]")
    root = project({"pipelines/a.py": text})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS302", "FS011")
    (ignore,) = [item for item in actions(client, file, 4) if "FS302" in item.title]
    assert edited(file, ignore.edit) == text.replace("[FS301]", "[FS301, FS302]")


def test_what_cannot_be_ignored_is_not_offered(project, client):
    root = project({"pipelines/a.py": HEAD + "@asset\ndef total(order: int) -> int:\n    return order\n"})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS106")
    assert not [item for item in actions(client, file, 4) if "comment" in item.title]


def test_all_safe_fixes_of_a_file_at_once(project, client, connect, edited):
    text = HEAD.replace("\n", "\r\n") + "".join(
        f"@asset\r\ndef a{number}() -> int:  # flowstone: ignore[FS301]\r\n    return 1\r\n\r\n\r\n"
        for number in range(2)
    )
    root = project({"pipelines/a.py": text})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS011", "FS011")
    (whole,) = actions(client, file, 0, [types.CodeActionKind.SourceFixAll])
    assert whole.kind == "source.fixAll.flowstone"
    assert edited(file, whole.edit) == text.replace("  # flowstone: ignore[FS301]", "")
    lazy = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(
                resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
            )
        ),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
        ),
    )
    other = connect(capabilities=lazy)
    other.open(file)
    other.wait_for(file, "FS011", "FS011")
    (whole,) = actions(other, file, 0, [types.CodeActionKind.SourceFixAll])
    assert whole.edit is None
    full = other.ask(types.CODE_ACTION_RESOLVE, whole)
    (change,) = full.edit.document_changes
    assert change.text_document.version == 1
    assert edited(file, full.edit) == text.replace("  # flowstone: ignore[FS301]", "")


def test_nothing_is_offered_while_the_text_is_broken(project, client):
    root = project({"pipelines/a.py": UNTYPED})
    file = root / "pipelines/a.py"
    client.open(file)
    client.wait_for(file, "FS302")
    client.change(file, UNTYPED + "(")
    client.wait_for(file, "FS001")
    assert actions(client, file, 4) == []
