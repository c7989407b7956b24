"""The schema of the configuration file says what the loader says."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest

from flowstone.config.json_schema import json_schema
from flowstone.errors import ConfigurationError

GOOD = [
    "",
    """
name = "shop"
import_roots = ["src", "."]
default_io_manager = "lake"
templates = "templates"
requirements = ["requirements.txt"]
select = ["FS3", "FS301"]
ignore = ["unused-ignore"]
airflow.output = "dags"
run = { executor = "thread", workers = 4 }
[io_managers.lake]
type = "parquet"
root = { env = "LAKE" }
[params.step]
limit = 3
[params."team.step"]
nested = { a = [1, 2.5, true] }
[severity]
FS302 = "error"
type-mismatch = "info"
[per_path_ignores]
"pipelines/{a,b}/**" = ["FS3"]
"!pipelines/new.py" = ["missing-return-annotation"]
[per_path_severity."*_old.py"]
FS3 = "warning"
[profiles.prod]
run.workers = 2
severity.FS3 = "info"
""",
]
BAD = [
    "nam = 'x'",
    "name = ''",
    "name = 1",
    "import_roots = ['../x']",
    "import_roots = ['a/../b']",
    "import_roots = ['~/x']",
    "templates = '/x'",
    "requirements = 'x'",
    "select = ['X1']",
    "select = ['FS3011']",
    "ignore = 'FS3'",
    "airflow = 1",
    "airflow.outputs = 'x'",
    "run.workers = 0",
    "run.workers = true",
    "run.executor = 'x'",
    "io_managers.lake = 1",
    "io_managers.'a/b'.type = 'x'",
    "io_managers.lake.type = 1",
    "params.a = 1",
    "severity.FS302 = 'eror'",
    "severity.'FS 1' = 'info'",
    "per_path_ignores.a = 'FS3'",
    "per_path_ignores.'' = []",
    "per_path_severity.a = 'info'",
    "per_path_severity.a.FS3 = 'no'",
    "profiles.p.nam = 'x'",
    "profiles.p.profiles.q.name = 'x'",
    "profiles.p = 1",
]


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", GOOD)
def test_it_takes_what_the_loader_takes(load, tmp_path, validator, text):
    for name in ("src", "templates"):
        (tmp_path / name).mkdir()
    (tmp_path / "requirements.txt").touch()
    text = f"sources = ['pipelines']\n{text}"

    assert load(text).sources == ("pipelines",)
    validator.validate(tomllib.loads(text))


@pytest.mark.parametrize("text", BAD)
def test_it_refuses_what_the_loader_refuses(load, validator, text):
    text = f"sources = ['pipelines']\n{text}"

    with pytest.raises(ConfigurationError):
        load(text)
    assert not validator.is_valid(tomllib.loads(text))
