"""Secrets that a project refers to are in nothing that FlowStone writes or says, also when something fails."""

import os
import subprocess
import sys

import pytest

KEY = "canary-key-1234"
SECRETS = {
    "ORDERS_TOKEN": "canary-token-'\"\\-1",
    "WAREHOUSE_DSN": "postgresql://user:canary-pass%40word@127.0.0.1:1/shop",
}
TRACES = (b"canary-key", b"canary-token", b"canary-pass")

CONFIG = """
sources = ["pipelines"]

[io_managers.warehouse]
type = "postgres"
dsn = { env = "WAREHOUSE_DSN" }

[io_managers.lake]
type = "filesystem"
root = "s3://bucket/prefix"

[io_managers.lake.storage_options]
endpoint = "http://127.0.0.1:1"
region = "nowhere"
access_key_id = "tests"
secret_access_key = { file = "MOUNTED" }

[params.fine]
token = { env = "ORDERS_TOKEN" }
[params.broken]
token = { env = "ORDERS_TOKEN" }
[params.chained]
token = { env = "ORDERS_TOKEN" }
[params.alone]
token = { env = "ORDERS_TOKEN" }
[params.ending]
token = { env = "ORDERS_TOKEN" }
[params.count]
token = { env = "ORDERS_TOKEN" }
"""
PIPELINE = """
from flowstone import asset, check


@asset
def fine(token: str = "") -> int:
    return len(token)


@asset
def broken(fine: int, token: str = "") -> int:
    raise ValueError(f"the service does not take {token}")


@asset
def chained(token: str = "") -> int:
    try:
        return {}[token]
    except KeyError as error:
        raise RuntimeError("not found") from error


@asset(timeout="60s")
def alone(token: str = "") -> int:
    raise ValueError(f"the service does not take {token}")


@asset
def ending(token: str = "") -> int:
    raise SystemExit(f"no use of {token}")


@asset
def count(token: int = 0) -> int:
    return token


@asset(io_manager="warehouse")
def rows() -> list[int]:
    return [1]


@asset(io_manager="lake")
def thing(fine: int) -> int:
    return fine
"""


@pytest.fixture
def config(tmp_path_factory):
    """The text of the configuration, with a secret in a file somewhere else."""
    mounted = tmp_path_factory.mktemp("mounted") / "key"
    mounted.write_text(f"{KEY}\n")
    return CONFIG.replace("MOUNTED", str(mounted))


@pytest.fixture
def flowstone(tmp_path, config):
    """Calls FlowStone in the project and gives all that it said."""
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "shop.py").write_text(PIPELINE)
    (tmp_path / "flowstone.toml").write_text(config)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FLOWSTONE")}
    command = [sys.executable, "-c", "from flowstone.cli import main; main()"]

    def call(*arguments):
        answer = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env={**environment, **SECRETS}, capture_output=True
        )
        said = answer.stdout + answer.stderr
        assert not any(trace in said for trace in TRACES), (arguments, said.decode())
        return answer.returncode, said.decode()

    return call


def traces(folder):
    """Files that hold a secret, or are named after one."""
    return [
        path
        for path in folder.rglob("*")
        if any(trace in (str(path).encode() + (path.read_bytes() if path.is_file() else b"")) for trace in TRACES)
    ]


def test_what_is_compiled_holds_references_only(flowstone, tmp_path):
    assert flowstone("check")[0] == 0
    for target in ("airflow", "prefect", "local"):
        code, said = flowstone("compile", "--target", target, "--output", f"out-{target}")
        assert code == 0, said
    shown = flowstone("config", "show")[1]
    assert "WAREHOUSE_DSN" in shown
    assert "mounted" in shown
    flowstone("graph")
    flowstone("ls")
    assert traces(tmp_path) == []


def test_a_run_tells_no_secret_however_it_fails(flowstone, tmp_path):
    code, said = flowstone("run", "--set", "fine.token=x")
    assert code == 1
    for words in ("the service does not take ***", "KeyError", "not found", "no use of ***", "127.0.0.1"):
        assert words in said
    for command in ("status", "verify", "doctor", "plan", "runs", "logs", "clean"):
        flowstone(command)
    assert traces(tmp_path) == []


def test_what_a_failed_function_printed_is_told_without_secrets(flowstone, tmp_path):
    path = tmp_path / "pipelines" / "shop.py"
    path.write_text(PIPELINE.replace("    raise ValueError", '    print("the token is", token)\n    raise ValueError'))
    code, said = flowstone("run", "+broken")
    assert code == 1
    assert "the token is ***" in said


def test_a_secret_is_used(flowstone, tmp_path, config):
    (tmp_path / "flowstone.toml").write_text(f'{config}\n[run]\nexecutor = "inline"\n')
    assert flowstone("run", "fine")[0] == 0
    assert flowstone("run", "broken")[0] == 1
    assert "fine" in flowstone("status", "fine")[1]
    assert flowstone("lineage", "fine")[0] == 0
    assert traces(tmp_path) == []
