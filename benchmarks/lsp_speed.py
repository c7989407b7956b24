"""How long the language server takes to answer on 1,000 assets in 100 modules, with one file edited again and again."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks import environments, projects
from benchmarks.measure import CommandFailedError
from benchmarks.table import Row, demand

ASSETS = 1000
NAME = "language server, 1,000 assets"
EDITS = 12
"""Edits of each kind in a round."""
LIMIT = 50
"""Milliseconds at the median."""
TYPICAL = ("body edited", "declaration edited")
_TIMEOUT = 60


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    project = folder / "lsp"
    projects.write_realistic(project, ASSETS)
    try:
        return asyncio.run(_measure(project, count))
    except TimeoutError:
        raise CommandFailedError("the language server does not answer") from None


async def _measure(project: Path, count: int) -> list[Row]:
    editor = await _Editor.start(project)
    try:
        edits = await _edits(editor, count)
        requests = await _requests(editor, count)
    finally:
        await editor.stop()
    typical = [time for name in TYPICAL for time in edits[name]]
    rows = [demand(NAME, "one file edited, to its findings", statistics.median(typical), "ms", LIMIT)]
    rows.append(Row(NAME, "one file edited, processor time", edits.pop("processor")[0], "ms"))
    rows += [Row(NAME, name, statistics.median(times), "ms") for name, times in edits.items()]
    rows += [demand(NAME, name, statistics.median(times), "ms", LIMIT) for name, times in requests.items()]
    return rows


async def _edits(editor: _Editor, count: int) -> dict[str, list[float]]:
    kinds: dict[str, Callable[[str, int], str]] = {
        "body edited": lambda text, number: text.replace("result = ", f"made = {number}\n    result = ", 1),
        "declaration edited": lambda text, number: text.replace('timeout="10m"', f'timeout="{number + 1}m"', 1),
        "line added above": lambda text, number: text.replace('TEAM = "', "# more\n" * (number + 1) + 'TEAM = "', 1),
        "upstream misspelled": lambda text, number: text.replace("asset_0499: ", f"asset_x{number}: ", 1),
        "syntax broken": lambda text, number: text.replace('timeout="10m"', f'timeout="{number}', 1),
        "asset renamed": lambda text, number: text.replace("def asset_0509", f"def asset_x{number}", 1),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    started = editor.processor_time()
    for number in range(count * EDITS):
        for name in TYPICAL:
            times[name].append(await editor.edit(kinds[name](editor.original, number)))
    times["processor"] = [(editor.processor_time() - started) / (count * EDITS * len(TYPICAL))]
    for number in range(count * EDITS):
        for name in (name for name in kinds if name not in TYPICAL):
            times[name].append(await editor.edit(kinds[name](editor.original, number)))
            await editor.edit(editor.original)
    return times


async def _requests(editor: _Editor, count: int) -> dict[str, list[float]]:
    await editor.edit(editor.original)
    asked: dict[str, tuple[str, Callable[..., Any], str]] = {
        "hover": (types.TEXT_DOCUMENT_HOVER, types.HoverParams, "asset_0499: "),
        "definition": (types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams, "asset_0499: "),
        "completion": (types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams, "asset_0499: "),
    }
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(count * EDITS):
        for name, (method, params, text) in asked.items():
            times[name].append(await editor.ask(method, params(**editor.at(text))))
    return times


class _Editor:
    """A client with one open file."""

    def __init__(self, client: LanguageClient, file: Path) -> None:
        self._client = client
        self._uri = file.as_uri()
        self._version = 1
        self._answered = asyncio.Event()
        self.original = file.read_text(encoding="utf-8")

    @classmethod
    async def start(cls, project: Path) -> _Editor:
        """A server whose project is read."""
        client = LanguageClient("bench", "1")
        editor = cls(client, project / "pipelines" / "module_050.py")
        editor._listen()
        await client.start_io(environments.core(), "-m", "flowstone", "lsp")
        folders = [types.WorkspaceFolder(project.as_uri(), "bench")]
        await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), workspace_folders=folders))
        client.initialized(types.InitializedParams())
        document = types.TextDocumentItem(editor._uri, "python", 1, editor.original)
        client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await editor._wait()
        return editor

    def _listen(self) -> None:
        @self._client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            if params.uri == self._uri and params.version == self._version:
                self._answered.set()

    async def _wait(self) -> None:
        await asyncio.wait_for(self._answered.wait(), _TIMEOUT)
        self._answered.clear()

    async def edit(self, text: str) -> float:
        """Milliseconds from the change to its findings."""
        self._version += 1
        document = types.VersionedTextDocumentIdentifier(version=self._version, uri=self._uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        params = types.DidChangeTextDocumentParams(document, changes)
        started = time.perf_counter()
        self._client.text_document_did_change(params)
        await self._wait()
        return (time.perf_counter() - started) * 1000

    async def ask(self, method: str, params: Any) -> float:
        """Milliseconds from a request to its answer."""
        started = time.perf_counter()
        answer: Awaitable[Any] = self._client.protocol.send_request_async(method, params)
        if not await asyncio.wait_for(answer, _TIMEOUT):
            raise CommandFailedError(f"{method} is answered with nothing")
        return (time.perf_counter() - started) * 1000

    def at(self, text: str) -> dict[str, Any]:
        """The place behind the first letter of a text."""
        before, _, _ = self.original.partition(text)
        position = types.Position(before.count("\n"), len(before) - before.rfind("\n"))
        return {"text_document": types.TextDocumentIdentifier(self._uri), "position": position}

    def processor_time(self) -> float:
        """Milliseconds that the server has worked so far: on a busy machine they say more."""
        server = self._client._server  # noqa: SLF001 - the client tells nothing else of its process
        assert server is not None
        fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    async def stop(self) -> None:
        """Shut the server down."""
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()
