"""How a server begins and ends."""

import asyncio
import subprocess
import sys

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

GOOD = "from flowstone import asset\n\n\n@asset\ndef orders() -> int:\n    return 1\n"


def test_it_ends_with_0_when_it_was_shut_down(project, connect):
    client = connect(project({"pipelines/a.py": GOOD}))
    assert client.stop() == 0


def test_it_ends_with_1_without_a_shutdown(project, connect):
    client = connect(project({"pipelines/a.py": GOOD}))
    client.client.exit(None)
    assert client.do(client.process().wait()) == 1


def test_it_ends_when_the_editor_is_gone():
    done = subprocess.run(
        [sys.executable, "-m", "flowstone", "lsp"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_it_asks_to_be_told_of_changes_on_disk(project, connect):
    file = project({"pipelines/a.py": GOOD}) / "pipelines/a.py"
    client = connect(file.parents[1])
    client.open(file)
    client.wait_for(file)
    (registration,) = client.registered
    assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    patterns = [watcher["globPattern"] for watcher in registration.register_options["watchers"]]
    assert patterns == ["**/*.py", "**/flowstone.toml", "**/pyproject.toml"]


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    code = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'pygls' else find(name, *more)\n"
        "from flowstone.cli import main; sys.argv = ['flowstone', 'lsp']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'flowstone[lsp]'" in done.stderr


def test_a_request_that_is_cancelled_is_answered_as_such_or_in_full(project, connect):
    file = project({"pipelines/a.py": GOOD}) / "pipelines/a.py"
    client = connect()
    client.open(file)
    client.wait_for(file)

    async def cancelled(number: int) -> str:
        params = types.HoverParams(**client.near(file, "orders"))
        client.change(file, GOOD + "\n" * number)
        asked = client.client.protocol.send_request(types.TEXT_DOCUMENT_HOVER, params, msg_id=f"hover-{number}")
        client.client.cancel_request(types.CancelParams(id=f"hover-{number}"))
        try:
            return (await asyncio.wrap_future(asked)).contents.value
        except JsonRpcException as error:
            return "cancelled" if error.code == types.LSPErrorCodes.RequestCancelled else f"error {error.code}"

    answers: set[str] = set()
    for number in range(200):  # now and then the answer is quicker
        answers.add(client.do(cancelled(number)))
        if "cancelled" in answers:
            break
    assert "cancelled" in answers
    assert all(answer == "cancelled" or answer.startswith("**asset** `orders`") for answer in answers)
    params = types.HoverParams(**client.near(file, "orders"))
    assert client.ask(types.TEXT_DOCUMENT_HOVER, params).contents.value.startswith("**asset** `orders`")


def test_many_changes_at_once_end_with_the_last_one(project, connect):
    file = project({"pipelines/a.py": GOOD}) / "pipelines/a.py"
    client = connect()
    client.open(file)
    client.wait_for(file)
    for number in range(100):
        client.change(file, GOOD.replace("@asset", f"@asset(retires={number})"))
    client.wait(lambda: client.published[-1].version == 101)
    assert client.codes(file) == ["FS006"]


def test_what_it_does_not_know_is_refused_and_it_goes_on(project, connect):
    file = project({"pipelines/a.py": GOOD}) / "pipelines/a.py"
    client = connect()
    with pytest.raises(JsonRpcException):
        client.ask("flowstone/unknown", None)
    client.client.protocol.notify("flowstone/unknown", None)
    client.open(file)
    client.wait_for(file)
    assert client.stop() == 0
