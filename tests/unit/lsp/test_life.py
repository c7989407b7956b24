"""How a server begins and ends."""

import subprocess
import sys

from lsprotocol import types

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
