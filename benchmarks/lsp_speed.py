"""How long the language server takes to answer on 1,000 assets in 100 modules, with one file edited again and again."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

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
    finally:
        await editor.stop()
    typical = [*edits["body edited"], *edits["declaration edited"]]
    rows = [demand(NAME, "one file edited, to its findings", statistics.median(typical), "ms", LIMIT)]
    rows += [Row(NAME, name, statistics.median(times), "ms") for name, times in edits.items()]
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
    for number in range(count * EDITS):
        for name, edit in kinds.items():
            times[name].append(await editor.edit(edit(editor.original, number)))
            if name in ("upstream misspelled", "syntax broken", "asset renamed"):
                await editor.edit(editor.original)
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

    async def stop(self) -> None:
        """Shut the server down."""
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()
