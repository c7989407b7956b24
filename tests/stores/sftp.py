"""An SFTP server of the tests' own, in a process of its own: ``python -m tests.stores.sftp FOLDER PASSWORD``."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

ROOT = Path(__file__).parents[2]
USER = "tests"


@contextmanager
def sftp(folder: Path, password: str) -> Iterator[tuple[int, Path]]:
    """The port of a server whose root is ``files`` in the folder, and the file that tells of its key."""
    (folder / "files").mkdir()
    command = [sys.executable, "-m", "tests.stores.sftp", str(folder), password]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        yield port, folder / "known_hosts"
    finally:
        process.kill()
        process.communicate()


class _Server(asyncssh.SSHServer):
    def __init__(self, password: str) -> None:
        self._password = password

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, self._password)


async def _serve(folder: Path, password: str) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Server(password),
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder / "files")),
        login_timeout=60,
    )
    port = server.get_port()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2]))
