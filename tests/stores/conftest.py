"""Servers for the stores that need one, started once for a run of the tests."""

from dataclasses import dataclass
from pathlib import Path

import boto3
import psycopg
import pytest
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from gcsfs.core import GCSFileSystem
from obstore.store import from_url
from psycopg import sql

from tests.robustness.soak import SOAK
from tests.stores.azurite import azurite, make_container
from tests.stores.gcs import fake_gcs
from tests.stores.seaweedfs import seaweedfs
from tests.stores.servers import moto, postgres
from tests.stores.sftp import sftp
from tests.stores.statements import PREFIX
from tests.stores.zygote import Zygote


@pytest.fixture(scope="session")
def postgres_server():
    """Connection string of a real Postgres server of its own."""
    with postgres() as uri:
        yield uri


@dataclass(frozen=True)
class Objects:
    """A bucket on a real server that is spoken to over HTTP."""

    url: str
    options: dict[str, str]
    missing: str
    """What the server says of a bucket that is not there."""

    def client(self):
        """The bucket, past our own code."""
        return from_url(self.url, config=self.options, client_options={"allow_http": True})


@pytest.fixture(scope="session", params=["moto", "seaweedfs", "azurite"])
def objects(request, tmp_path_factory):
    """A bucket of a server of our own."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "azurite":
        with azurite(folder, ACCESS, KEY) as endpoint:
            make_container(endpoint, ACCESS, KEY, "bucket")
            options = {"endpoint": endpoint, "account_name": ACCESS, "account_key": KEY}
            yield Objects("az://bucket", options, "ContainerNotFound")
        return
    with SERVERS[request.param](folder, ACCESS, SECRET) as endpoint:
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
        yield Objects("s3://bucket", options, "NoSuchBucket")


SERVERS = {"moto": lambda folder, access_key, secret_key: moto(), "seaweedfs": seaweedfs}
ACCESS, SECRET = "tests", "canary-secret"
KEY = "canarycanary0000canarycanary0000"
"""In base64."""


@dataclass(frozen=True)
class Remote:
    """A place on a real server that fsspec reaches, and how the tests see it past our own code."""

    url: str
    options: dict[str, str]
    system: AbstractFileSystem
    base: str

    def names(self, prefix):
        """Of the files below a path, without the base."""
        found = self.system.find(f"{self.base}/{prefix}")
        return sorted(name.removeprefix(f"{self.base}/") for name in found)

    def read(self, name):
        return self.system.cat_file(f"{self.base}/{name}")

    def write(self, name, content):
        self.system.pipe_file(f"{self.base}/{name}", content)

    def remove(self, name):
        self.system.rm_file(f"{self.base}/{name}")


@pytest.fixture(scope="session", params=["gs", "sftp"])
def remote(request, tmp_path_factory):
    """A place on a server of our own."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "gs":
        with fake_gcs(folder, "bucket") as endpoint:
            options = {"endpoint_url": endpoint, "token": "anon", "project": "tests"}
            system = GCSFileSystem(**options, use_listings_cache=False, skip_instance_cache=True)
            yield Remote("gs://bucket", options, system, "bucket")
        return
    with sftp(folder, SECRET) as (port, known_hosts):
        options = {"password": SECRET, "known_hosts": str(known_hosts)}
        yield Remote(
            f"sftp://tests@127.0.0.1:{port}/lake", options, LocalFileSystem(auto_mkdir=True), f"{folder}/files/lake"
        )


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


def pytest_collection_modifyitems(config, items):
    """Two that speak S3 try both managers in all tests; the others, but for the soak, each in half of them."""
    left = [item for item in items if not SOAK and _is_tried_elsewhere(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _is_tried_elsewhere(item):
    on_azurite = "ParquetManager" if "test_object_contract" in item.nodeid else "FilesystemManager"
    return any(
        part in item.nodeid for part in (f"[azurite-{on_azurite}", "[gs-FilesystemManager", "[sftp-ParquetManager")
    )
