"""A SeaweedFS server of the tests' own: another program than moto that speaks S3."""

import json
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SECONDS_TO_START = 60
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "s3.port.iceberg",
    "s3.port.lance",
)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]


@contextmanager
def seaweedfs(folder: Path, access_key: str, secret_key: str) -> Iterator[str]:
    """The endpoint of a server that keeps its files in the folder."""
    credentials = {"accessKey": access_key, "secretKey": secret_key}
    identity = {"name": "tests", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    command = [
        str(Path(sysconfig.get_path("scripts")) / "weed"),
        f"-logdir={folder}",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        f"-s3.config={folder / 's3.json'}",
        "-s3.autoCreateBucket=false",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=50",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        _wait(endpoint, process, folder)
        yield endpoint
    finally:
        process.kill()  # it would take its time, and nobody wants its files
        process.wait()


def _wait(endpoint: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Ask until it answers: that takes some seconds, and nothing tells of it."""
    for _ in range(SECONDS_TO_START * 10):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(endpoint, timeout=1).close()
        except urllib.error.HTTPError:
            return  # it wants a signature
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"SeaweedFS does not start: {(folder / 'output').read_text()[-2000:]}")
