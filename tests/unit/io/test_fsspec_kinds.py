"""Which URLs a store can lie at is judged by the configuration alone, where no package of a store need be installed."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from flowstone.io.filesystem import FilesystemManager
from flowstone.io.fsspec_kinds import REFUSED, check_url
from flowstone.io.parquet import ParquetManager


@pytest.mark.parametrize(
    "config",
    [
        {"root": "gs://bucket"},
        {"root": "gs://bucket_1/a/b", "storage_options": {"token": "/keys/lake.json", "requester_pays": True}},
        {"root": "sftp://host/folder"},
        {"root": "sftp://user@host.example.com:2222/folder/deep", "storage_options": {"password": "x"}},
        {"root": "sftp://127.0.0.1:22/folder", "storage_options": {"known_hosts": "/etc/ssh/known_hosts"}},
        {"root": "webdav://lake", "storage_options": {"base_url": "https://dav.example.com", "anything": 1}},
        {"root": "oss://bucket/x"},
    ],
    ids=str,
)
def test_what_can_be_is_taken(config):
    for manager in (FilesystemManager, ParquetManager):
        assert manager.Config.model_validate(config).root == config["root"]
        assert manager.is_shared(config) is True


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"root": "gs://"}, "not a URL such as gs://bucket/prefix"),
        ({"root": "gs://Bucket/x"}, "not a URL such as gs://bucket/prefix"),
        ({"root": "gs://bucket/../other"}, "not a URL such as"),
        ({"root": "gs://bucket/a b"}, "not a URL such as"),
        ({"root": "gs://bucket", "storage_options": {"tokn": "x"}}, "has no such option; did you mean 'token'"),
        ({"root": "gs://bucket", "storage_options": {"region": "x"}}, "has no such option; there are: token, project"),
        ({"root": "sftp://host"}, "not a URL such as sftp://user@host:22/folder"),
        ({"root": "sftp://host/../etc"}, "not a URL such as"),
        ({"root": "sftp://user:canary@host/x"}, "the root holds a password"),
        ({"root": "sftp://host/x", "storage_options": {"host_key_policy": "auto_add"}}, "has no such option"),
        ({"root": "webdav://user:canary@host/x"}, "the root holds a password"),
        ({"root": "simplecache::gs://bucket/x"}, "neither a folder nor a URL"),
        ({"root": "webdav://x::gs://bucket"}, "not a URL such as"),
        ({"root": "nothing://"}, "not a URL such as"),
        ({"root": "x\0y"}, "neither a folder nor a URL"),
        ({"root": "folder", "storage_options": {"token": "x"}}, "for a root that is a URL"),
        ({"root": "s3://bucket", "storage_options": {"region": 1}}, "storage_options.region: it is not a text"),
        *(({"root": f"{protocol}://x/y"}, f"{protocol}:// is not taken: ") for protocol in REFUSED),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_the_reason(config, why):
    with pytest.raises(ValidationError) as caught:
        FilesystemManager.Config.model_validate(config)
    assert why in str(caught.value)


def test_a_password_is_not_told_again():
    with pytest.raises(ValueError, match="the root holds a password") as caught:
        check_url("sftp://user:canary@host/x")
    assert "canary" not in str(caught.value)


def test_nothing_is_imported_for_it():
    code = (
        "import sys; from flowstone.io.filesystem import FilesystemManager as M; from pathlib import Path\n"
        "M('lake', M.Config(root='gs://bucket/x'), Path('.'))\n"
        "sys.exit(str({'fsspec', 'gcsfs', 'paramiko', 'obstore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"
