"""What looks like a secret, and what only looks a little like one."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid

import pytest

from flowstone.diagnostics.diagnostic import Severity
from flowstone.frontend.secrets import certainty
from flowstone.ir.project import IoManagerConfig

SURE = [
    ("password", "hunter2"),
    ("db_password", "correct horse"),
    ("dbPassword", "hunter2"),
    ("passwords", "hunter2"),
    ("api_token", "tk-7f3a9c1e5b"),
    ("api-key", "abc123"),
    ("client_secret", "Zk9xQ"),
    ("aws.secret_key", "wJalrXUtnFEMI"),
    ("x", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz"),
    ("x", "-----BEGIN PGP PRIVATE KEY BLOCK-----"),
    ("x", "AKIAIOSFODNN7EXAMPLE"),
    ("x", "AIzaSyA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1v"),
    ("x", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
    ("x", "github_pat_11ABCDEFG0123456789_abcdefghij"),
    ("x", "glpat-AbCdEfGhIjKlMnOpQrSt"),
    ("x", "xoxb-123456789012-abcdefghijkl"),
    ("x", "https://hooks.slack.com/services/T0000/B0000/XXXXabcd1234"),
    ("x", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    ("x", "sk-proj-Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0"),
    ("x", "sk-ant-api03-Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0"),
    ("x", "SG.abcdefghijklmnopqrst.ABCDEFGHIJKLMNOPQRSTUV"),
    ("x", "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345"),
    ("x", "dapi0123456789abcdef0123456789abcdef"),
    ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"),
    ("x", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8="),
    ("url", "postgres://me:hunter2@host/db"),
    ("url", "jdbc:postgresql://me:hunter2@host/db"),
    ("url", "redis://:hunter2@host:6379/0"),
    ("query", "see https://me:hunter2@example.org/x"),
    ("dsn", "host=db user=me password=hunter2"),
    ("dsn", "Server=db;Database=x;User Id=sa;Password=hunter2;"),
    ("headers", "Bearer abcdefghijklmnop1234"),
]
LIKELY = [
    ("setting", "tHrE3xQ9/K7MbdENG+bPxRfi2CYp0Lm4NzQw1uVa"),
    ("value", "q8Zk3Vt1Xw7Yb2Nc5Md9Lf4Kg6Jh0PsRaTe"),
]
NONE = [
    ("password", ""),
    ("password", None),
    ("password", 5),
    ("password", "<password>"),
    ("password", "${DB_PASSWORD}"),
    ("password", "{{ var.value.password }}"),
    ("password", "DB_PASSWORD"),
    ("password", "/run/secrets/db"),
    ("password", "arn:aws:secretsmanager:eu-west-1:1:secret:db"),
    ("password_file", "/run/secrets/db"),
    ("pwd", "/home/me/data"),
    ("token_url", "https://example.org/token"),
    ("token", "https://example.org/token"),
    ("pad_token", "[PAD]"),
    ("eos_token", "</s>"),
    ("unk_token", "unk"),
    ("secret", "warehouse"),
    ("api_key", "weather_api"),
    ("max_tokens", 5),
    ("tokenizer", "bert2"),
    ("secretary", "Ann1"),
    ("monkey", "abc123"),
    ("primary_key", "order_id2"),
    ("sort_key", "abc123"),
    ("url", "postgres://me@host/db"),
    ("url", "postgres://me:$PASSWORD@host/db"),
    ("url", "postgres://me:{password}@host/db"),
    ("url", "postgres://me:***@host/db"),
    ("url", "https://host:8080/path@2x.png"),
    ("remote", "git@github.com:org/repo.git"),
    ("region", "asiapacificsoutheast"),
    ("x", "akiaiosfodnn7example"),
    ("sql", "update users set password = excluded.password where user = 'x'"),
    ("sql", "select password from users where password = 'a' and host = 'b'"),
    ("dsn", "host=db user=me password=%s"),
    ("dsn", "host=db user=me password=$1"),
    ("note", "Basic understanding"),
    ("x", "sk-learn-pipelines-with-2-very-long-names"),
    ("commit", "73dee61f0a8b4c2d9e3f7a6b5c4d3e2f1a0b9c8d"),
    ("x", "73dee61f0a8b4c2d9e3f7a6b5c4d3e2f1a0b9c8d"),
    ("x", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
    ("x", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("x", "550e8400-e29b-41d4-a716-446655440000"),
    ("x", "SGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG1lc3NhZ2Uu"),
    ("spreadsheet_id", "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"),
    ("x", "raw/2024/flights_by_carrier_and_origin_2013.parquet"),
    ("x", "s3://bucket/Prefix1/Prefix2/0a1B2c3D4e5F6g7H8i9J0k1L2m3N"),
    ("x", "meta-llama/Llama-3.1-8B-Instruct-GGUF-Q4_K_M"),
    ("x", "VeryLongCamelCaseColumnName2024WithMore"),
    ("x", "SELECT_COUNT_FROM_TABLE_2013_01_01_TO_2013"),
    ("x", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("x", "2024-01-31T00:00:00+00:00/2024-02-29T00:00"),
    ("when", "0 6 * * *"),
]


@pytest.mark.parametrize(("name", "value"), SURE)
def test_surely_a_secret(name, value):
    assert certainty(name, value) == "sure"


@pytest.mark.parametrize(("name", "value"), LIKELY)
def test_probably_a_secret(name, value):
    assert certainty(name, value) == "likely"


@pytest.mark.parametrize(("name", "value"), NONE)
def test_no_secret(name, value):
    assert certainty(name, value) is None


def test_what_chance_has_written_and_what_was_computed():
    chance = random.Random(5)
    letters = string.ascii_letters + string.digits + "+/"
    keys = ["".join(chance.choices(letters, k=40)) for _ in range(500)]
    digests = [hashlib.new(kind, key.encode()).hexdigest() for key in keys for kind in ("md5", "sha1", "sha256")]
    uuids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in keys]
    texts = [base64.b64encode(f"some words number {number}, and more".encode()).decode() for number in range(500)]

    assert sum(certainty("value", key) == "likely" for key in keys) > 350
    assert [text for text in (*digests, *uuids, *texts) if certainty("value", text)] == []


def test_everywhere_that_reaches_generated_code(build):
    build.asset(
        "a", config={"password": "hunter2"}, engine_options={"airflow": {"pool": "p", "env": {"x_token": "t1"}}}
    )
    build.asset("b", config={"headers": {"Authorization": "Bearer abcdefghijklmnop1234"}}, meta={"password": "hunter2"})
    build.asset("c", tags={"password": "hunter2"}, options={"path": "AKIAIOSFODNN7EXAMPLE"})
    build.asset("d", config={"setting": "tHrE3xQ9/K7MbdENG+bPxRfi2CYp0Lm4NzQw1uVa"})
    build.io_managers["lake"] = IoManagerConfig(type="parquet", options={"root": "s3://k:hunter2@host/x"})

    found = build.findings("FS703")

    assert [item.span.line for item in found[:-1]] == [1, 2, 4, 1, 2, 3, 3]
    assert [item.severity for item in found].count(Severity.WARNING) == 1
    assert not any("hunter2" in item.message + str(item.help) for item in found)
