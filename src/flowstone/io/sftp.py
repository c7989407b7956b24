"""fsspec's file system for SFTP, which connects only to servers whose key is known, and waits for none for ever.

fsspec's own takes the key of any server that it has not met before.
"""

from __future__ import annotations

from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

SECONDS = 30
"""How long a server is waited for, unless ``timeout`` says so."""


class SftpFileSystem(SFTPFileSystem):
    """Files over SFTP."""

    def __init__(self, host: str, known_hosts: str | None = None, **options: Any) -> None:
        """``known_hosts`` is the path of a file; by default that of the user's OpenSSH. Errors: paramiko's, OSError."""
        self._known_hosts = known_hosts
        options.setdefault("timeout", SECONDS)
        for name in ("banner_timeout", "auth_timeout", "channel_timeout"):
            options.setdefault(name, options["timeout"])
        super().__init__(host, **options)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        try:
            self.client.load_system_host_keys(self._known_hosts)
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
            self.ftp.get_channel().settimeout(self.ssh_kwargs["timeout"])
        except BaseException:
            self.client.close()
            raise

    def close(self) -> None:
        """End the connection."""
        self.client.close()
