"""A real client, over the real stdin and stdout of a real server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

TIMEOUT = 20
CONFIG = 'sources = ["pipelines"]\n'


class Client:
    """An editor: synchronous calls, and what the server has published."""

    def __init__(self, folders: list[Path], capabilities: types.ClientCapabilities | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("test", "1")
        self.published: list[types.PublishDiagnosticsParams] = []
        self.messages: list[str] = []
        self.registered: list[types.Registration] = []
        self._arrived = asyncio.Event()
        self._versions: dict[str, int] = {}
        self._listen()
        self.do(self.client.start_io(sys.executable, "-m", "flowstone", "lsp"))
        self.result = self._initialize(folders, capabilities or capable())

    def _listen(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self._arrived.set()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.registered += params.registrations

    def _initialize(self, folders: list[Path], capabilities: types.ClientCapabilities) -> types.InitializeResult:
        named = [types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders]
        params = types.InitializeParams(capabilities=capabilities, workspace_folders=named or None)
        result = self.do(self.client.initialize_async(params))
        self.client.initialized(types.InitializedParams())
        return result

    def do(self, action: Coroutine[Any, Any, Any]) -> Any:
        """The result of a call."""
        return self.loop.run_until_complete(asyncio.wait_for(action, TIMEOUT))

    def ask(self, method: str, params: Any) -> Any:
        """The server's answer to a request."""

        async def answer() -> Any:
            return await self.client.protocol.send_request_async(method, params)

        return self.do(answer())

    # -- documents --------------------------------------------------------------------------------------------------

    def open(self, path: Path, text: str | None = None) -> str:
        uri = path.as_uri()
        self._versions[uri] = 1
        text = path.read_bytes().decode() if text is None else text
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, path: Path, text: str) -> int:
        uri = path.as_uri()
        self._versions[uri] += 1
        item = types.VersionedTextDocumentIdentifier(version=self._versions[uri], uri=uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(item, [whole]))
        return self._versions[uri]

    def close(self, path: Path) -> None:
        item = types.TextDocumentIdentifier(path.as_uri())
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(item))

    def changed_on_disk(self, path: Path) -> None:
        event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    def wait(self, test: Callable[[], bool]) -> None:
        """Wait until something holds that depends on what the server publishes."""

        async def until() -> None:
            while not test():
                self._arrived.clear()
                await self._arrived.wait()

        self.do(until())

    def shown(self, path: Path) -> list[types.Diagnostic]:
        """The diagnostics that an editor shows for a file now."""
        found = [item for item in self.published if item.uri == path.as_uri()]
        return list(found[-1].diagnostics) if found else []

    def codes(self, path: Path) -> list[str]:
        return [str(item.code) for item in self.shown(path)]

    def wait_for(self, path: Path, *codes: str) -> list[types.Diagnostic]:
        """Wait until a file was published and has exactly these codes."""
        uri = path.as_uri()
        try:
            self.wait(lambda: any(item.uri == uri for item in self.published) and self.codes(path) == list(codes))
        except TimeoutError:
            raise AssertionError(f"{codes} are not what is shown: {self.shown(path)}") from None
        return self.shown(path)

    def at(self, path: Path, line: int, character: int) -> dict[str, Any]:
        return {
            "text_document": types.TextDocumentIdentifier(path.as_uri()),
            "position": types.Position(line, character),
        }

    def near(self, path: Path, text: str, inside: str | None = None) -> dict[str, Any]:
        """The parameters of a request at the beginning of a text in a file, or of a part of it."""
        whole = path.read_bytes().decode()
        start = whole.index(text) + (text.index(inside) if inside else 0)
        before = whole[:start].split("\n")
        return self.at(path, len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)

    # -- the end ----------------------------------------------------------------------------------------------------

    def process(self) -> asyncio.subprocess.Process:
        server = self.client._server
        assert server is not None
        return server

    def stop(self) -> int:
        """Shut the server down as an editor does; its exit code."""
        if self.process().returncode is None:
            self.do(self.client.shutdown_async(None))
            self.client.exit(None)
        code = self.do(self.process().wait())
        self.do(self.client.stop())
        return code

    def dispose(self) -> None:
        if not self.loop.is_closed():
            if self.process().returncode is None:
                self.process().kill()
                self.do(self.process().wait())
            self.do(self.client.stop())
            self.loop.close()


def capable(**more: Any) -> types.ClientCapabilities:
    """What a present-day editor can do."""
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
        ),
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        ),
        **more,
    )


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Writes a project; its folder."""

    def write(files: dict[str, str], config: str = CONFIG, folder: str = "project") -> Path:
        root = (tmp_path / folder).resolve()
        for name, text in {"flowstone.toml": config, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return root

    return write


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A server for all tests of a module: each has a project of its own, found by the files that it opens."""
    client = Client([])
    yield client
    client.dispose()


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Starts a server with a client; stopped at the end."""
    clients: list[Client] = []

    def start(*folders: Path, **more: Any) -> Client:
        clients.append(Client(list(folders), **more))
        return clients[-1]

    yield start
    for client in clients:
        client.dispose()


@pytest.fixture
def places() -> Callable[[Any], list[str]]:
    return _places


def _places(found: Any) -> list[str]:
    """Locations as file:line:text, lines from 1, in order."""
    if not found:
        return []
    return sorted(_place(item) for item in found)


def _place(item: types.Location) -> str:
    path = Path(item.uri.removeprefix("file://"))
    line = path.read_bytes().decode().split("\n")[item.range.start.line].encode("utf-16-le")
    text = line[2 * item.range.start.character : 2 * item.range.end.character].decode("utf-16-le")
    return f"{path.name}:{item.range.start.line + 1}:{text}"


@pytest.fixture
def edited() -> Callable[[Path, types.WorkspaceEdit], str]:
    """The text of a file on disk with an edit of the editor carried out."""

    def edited(path: Path, edit: types.WorkspaceEdit) -> str:
        changes = [*(edit.changes or {}).get(path.as_uri(), [])]
        for item in edit.document_changes or []:
            changes += item.edits if item.text_document.uri == path.as_uri() else []
        text = path.read_bytes().decode()
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line.encode("utf-16-le")) + 2)
        data = text.encode("utf-16-le")
        for item in sorted(changes, key=lambda item: item.range.start, reverse=True):
            start = starts[item.range.start.line] + 2 * item.range.start.character
            end = starts[item.range.end.line] + 2 * item.range.end.character
            data = data[:start] + item.new_text.encode("utf-16-le") + data[end:]
        return data.decode("utf-16-le")

    return edited
