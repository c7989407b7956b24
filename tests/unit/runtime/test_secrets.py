import sys

import pytest

from flowstone.errors import ConfigurationError
from flowstone.ir.reference import is_reference
from flowstone.runtime.secrets import LONGEST_FILE, Secrets


def test_references_are_replaced_at_any_depth():
    value = {"dsn": {"env": "DSN"}, "more": [{"env": "KEY"}, 1]}
    assert Secrets({"DSN": "d", "KEY": "k"}).resolve(value, "io_managers.x") == {"dsn": "d", "more": ["k", 1]}


@pytest.mark.parametrize(
    "value",
    [
        {"env": 1},
        {"env": "A", "b": 1},
        "env",
        ["env"],
        {},
        {"airflow_connection": 1},
        {"file": "relative.csv"},
        {"file": 1},
    ],
)
def test_other_values_are_no_references(value):
    assert not is_reference(value)


def test_a_variable_that_is_not_set_is_named_with_its_place():
    with pytest.raises(ConfigurationError, match=r"io_managers\.x\.dsn needs the environment variable DSN"):
        Secrets({}).resolve({"dsn": {"env": "DSN"}}, "io_managers.x")


@pytest.mark.parametrize(
    ("content", "secret"), [(b"s\xc3\xa9cret\n", "s\xe9cret"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b"", "")]
)
def test_the_text_of_a_file_is_a_secret(tmp_path, content, secret):
    path = tmp_path / "dsn"
    path.write_bytes(content)
    assert Secrets({}).resolve({"dsn": {"file": str(path)}}, "io_managers.x") == {"dsn": secret}
    assert list(Secrets({}).all_of([{"a": {"file": str(path)}}, {"env": "NOTHING"}])) == [secret]


@pytest.mark.parametrize("content", [None, b"\xff", b"x" * (LONGEST_FILE + 1)], ids=["none", "no text", "large"])
def test_a_file_that_is_none_is_named_with_its_place(tmp_path, content):
    path = tmp_path / "dsn"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"io_managers\.x\.dsn needs the file {path}, which"):
        Secrets({}).resolve({"dsn": {"file": str(path)}}, "io_managers.x")
    assert list(Secrets({}).all_of({"file": str(path)})) == []


@pytest.mark.parametrize(
    ("kind", "what"), [("airflow_connection", "Airflow connection"), ("prefect_secret", "Prefect block")]
)
def test_what_an_engine_keeps_is_not_found_elsewhere(monkeypatch, kind, what):
    for package in ("airflow", "airflow.sdk", "prefect", "prefect.blocks.system"):
        monkeypatch.setitem(sys.modules, package, None)
    secrets = Secrets({})
    with pytest.raises(ConfigurationError, match=rf"^io_managers\.x\.dsn needs the {what}.*only") as caught:
        secrets.resolve({"dsn": {kind: "shop"}}, "io_managers.x")
    assert "profile" in caught.value.help
    assert secrets.of_engine({"dsn": {kind: "shop"}}) == {}


def test_what_the_engine_gave_to_the_parent_is_not_looked_up_again():
    secrets = Secrets({}, {"airflow_connection:shop": "postgres://u:p@h/d"})
    assert secrets.resolve({"dsn": {"airflow_connection": "shop"}}, "io_managers.x") == {"dsn": "postgres://u:p@h/d"}
