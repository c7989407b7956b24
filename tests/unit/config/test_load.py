import ast
import os
import subprocess
import sys

import pytest

from flowstone.config import IoManagerSettings, load_settings
from flowstone.errors import ConfigurationError

SOURCES = 'sources = ["pipelines"]\n'


def failure(load, *args, **keywords) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(*args, **keywords)
    return caught.value


def test_one_line_is_enough(load, tmp_path):
    settings = load(SOURCES)
    assert settings.sources == ("pipelines",)
    assert settings.root == tmp_path
    assert settings.home == tmp_path / ".flowstone"
    assert settings.name == tmp_path.name
    assert settings.io_managers == {"local": IoManagerSettings("filesystem")}
    assert settings.output_folder("airflow") == tmp_path / "build/airflow"
    assert settings.run.workers >= 1


def test_pyproject_gives_the_name_and_is_found_from_below(load, tmp_path):
    load('[project]\nname = "flights"\n[tool.flowstone]\n' + SOURCES, file="pyproject.toml")
    settings = load_settings(tmp_path / "pipelines", environment={})
    assert (settings.name, settings.root) == ("flights", tmp_path)
    assert settings.config_file == tmp_path / "pyproject.toml"


def test_pyproject_of_something_else_is_no_configuration(load, tmp_path):
    load(SOURCES)
    (tmp_path / "pipelines" / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["flowstone"]\n')
    assert load_settings(tmp_path / "pipelines", environment={}).root == tmp_path


def test_two_configurations_are_refused(load, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.flowstone]\n")
    assert "two configurations" in str(failure(load, SOURCES))


def test_none_says_what_to_write(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path, environment={})
    assert caught.value.help is not None
    assert "[tool.flowstone]" in caught.value.help
    assert 'sources = ["pipelines"]' in caught.value.help


def test_precedence_and_origins(load):
    text = SOURCES + "run.workers = 1\n[profiles.prod]\nrun.workers = 2\n"
    variables = {"FLOWSTONE_RUN__WORKERS": "3"}
    cases = [
        ({}, 1, "flowstone.toml:2"),
        ({"profile": "prod"}, 2, "profile prod (flowstone.toml:4)"),
        ({"profile": "prod", "environment": variables}, 3, "environment FLOWSTONE_RUN__WORKERS"),
        ({"environment": variables, "overrides": {"run.workers": "4"}}, 4, "command line"),
    ]
    for keywords, workers, origin in cases:
        settings = load(text, **keywords)
        assert (settings.run.workers, settings.origins["run.workers"]) == (workers, origin)
    assert load(SOURCES).origins["run.workers"] == "default"


def test_every_value_has_an_origin(load):
    settings = load(SOURCES + '[io_managers.lake]\ntype = "parquet"\n[params.step]\nn = 1\n')
    keys = {"io_managers.lake.type", "params.step.n", "sources", "airflow.output", "home", "profile", "root"}
    assert keys <= settings.origins.keys()


def test_profile_from_the_environment_and_unknown_profile(load):
    text = SOURCES + '[profiles.prod]\nname = "live"\n'
    assert load(text, environment={"FLOWSTONE_PROFILE": "prod"}).name == "live"
    assert load(text, environment={"FLOWSTONE_PROFILE": ""}).profile is None
    assert load(text, profile="prod", environment={"FLOWSTONE_PROFILE": "other"}).profile == "prod"
    assert failure(load, text, profile="prd").help == "did you mean 'prod'?"


def test_profile_changes_single_options_but_another_type_starts_anew(load):
    text = (
        SOURCES
        + """
[io_managers.lake]
type = "parquet"
root = "a"
compression = "zstd"
[profiles.moved.io_managers.lake]
root = "b"
[profiles.other.io_managers.lake]
type = "filesystem"
root = "c"
"""
    )
    assert load(text, profile="moved").io_managers["lake"].options == {"root": "b", "compression": "zstd"}
    assert load(text, profile="other").io_managers["lake"] == IoManagerSettings("filesystem", {"root": "c"})


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("source = ['x']", "flowstone.toml:1: unknown key 'source'", "did you mean 'sources'?"),
        (SOURCES + "[run]\nworker = 1", "flowstone.toml:3: unknown key 'run.worker'", "did you mean 'workers'?"),
        (SOURCES + "run = 1", "flowstone.toml:2: 'run' must be a table", None),
        (SOURCES + "[profiles.p]\nnam = 'x'", "flowstone.toml:3: unknown key 'nam'", "did you mean 'name'?"),
        ("sources = []", "flowstone.toml:1: 'sources' must be", None),
        ("sources = ['../x']", "flowstone.toml:1: 'sources' must be", None),
        ("sources = ['/x']", "flowstone.toml:1: 'sources' must be", None),
        ("sources = ['pipeline']", "'pipeline' in 'sources' does not exist", "did you mean 'pipelines'?"),
        ("name = 'x'", "'sources' is missing", None),
        (SOURCES + "run.workers = true", "must be a whole number above 0, not True", None),
        (SOURCES + "run.executor = 'x'", "'run.executor' must be one of", None),
        (SOURCES + "select = ['X1']", "'select' must be a list of codes", None),
        (SOURCES + "io_managers = 1", "'io_managers' must be a table", None),
        (SOURCES + "io_managers.lake = 1", "'io_managers.lake' must be a table", None),
        (SOURCES + "[io_managers.lake]\nroot = 'x'", "the IO manager 'lake' has no 'type'", None),
        (SOURCES + "io_managers.'a/b'.type = 'x'", "'a/b' must be a name of letters", None),
        (SOURCES + "default_io_manager = 'loca'", "'loca' is not configured", "did you mean 'local'?"),
        (SOURCES + "params.a.b = nan", "must be a number that is finite", None),
        (
            SOURCES + "severity = 'error'",
            "'severity' must be a table",
            "the severity of a rule is written severity.CODE = value",
        ),
        (
            SOURCES + "severity.FS302 = 'eror'",
            "flowstone.toml:2: 'severity.FS302' must be one of 'error', 'warning'",
            None,
        ),
        (SOURCES + "severity.FS302 = 1", "'severity.FS302' must be one of", None),
        (SOURCES + "severity.X1 = 'info'", "'X1' must be a code, a beginning of codes or a name", None),
        (SOURCES + "per_path_ignores = ['FS3']", "'per_path_ignores' must be a table", None),
        (
            SOURCES + "[per_path_ignores]\n'a/**' = 'FS3'",
            "flowstone.toml:3: 'per_path_ignores.a/**' must be a list of codes",
            None,
        ),
        (SOURCES + "[per_path_ignores]\n'' = ['FS3']", "'' must be a path or pattern", None),
        (SOURCES + "[per_path_severity]\n'a/**' = 'info'", "'per_path_severity.a/**' must be a table", None),
        (
            SOURCES + "[per_path_severity.'a/**']\nFS3 = 'no'",
            "flowstone.toml:3: 'per_path_severity.a/**.FS3' must be one",
            None,
        ),
        (
            SOURCES + "[per_path_ignore]\n'a/**' = ['FS3']",
            "unknown key 'per_path_ignore'",
            "did you mean 'per_path_ignores' or 'per_path_severity'?",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(load, text, message, help):
    error = failure(load, text)
    assert message in str(error)
    if help is not None:
        assert error.help == help


def test_all_mistakes_are_told_together(load):
    message = str(failure(load, "nam = 1\nsource = 2\n", environment={"FLOWSTONE_HOMES": "x"}))
    assert "unknown key 'nam'" in message
    assert "unknown key 'source'" in message
    assert "FLOWSTONE_HOMES" in message


def test_secret_references_stay_references(load):
    settings = load(SOURCES + '[io_managers.lake]\ntype = "parquet"\nkey = { env = "KEY" }\n', environment={"KEY": "s"})
    assert settings.io_managers["lake"].options == {"key": {"env": "KEY"}}


def test_syntax_errors_show_the_line(load):
    message = str(failure(load, SOURCES + "name = \n"))
    assert "flowstone.toml:2:8: " in message
    assert message.endswith("\n    name = \n           ^")


def test_unfinished_file(load):
    assert "at the end of the file" in str(failure(load, 'name = """x'))


def test_file_that_is_not_utf8(load, tmp_path):
    (tmp_path / "flowstone.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        load_settings(tmp_path, environment={})


def test_variables_that_mean_nothing_are_refused(load):
    error = failure(load, SOURCES, environment={"FLOWSTONE_PROFIL": "x"})
    assert str(error) == "the variable FLOWSTONE_PROFIL means nothing to FlowStone"
    assert "'FLOWSTONE_PROFILE'" in error.help
    assert load(SOURCES, environment={"FLOWSTONE_AIRFLOW_PYTHON": "x", "OTHER": "y"}).profile is None


def test_lists_in_variables(load, tmp_path):
    (tmp_path / "more").mkdir()
    for text in ('["pipelines", "more"]', "pipelines,more", "pipelines, more"):
        assert load("", environment={"FLOWSTONE_SOURCES": text}).sources == ("pipelines", "more")


def test_parameters_of_the_command_line(load):
    text = SOURCES + "[params.step]\nlimit = 1\ntag = 'x'\n"
    overrides = {"params.step.limit": "2", "params.step.tag": "3", "params.team.step.n": "4"}
    assert load(text, overrides=overrides).params == {"step": {"limit": 2, "tag": "3"}, "team.step": {"n": "4"}}


def test_rules_by_project_and_path(load):
    text = (
        SOURCES
        + """
[severity]
FS302 = "error"
type-mismatch = "warning"
[per_path_ignores]
"pipelines/legacy/**" = ["FS9", "FS302"]
[per_path_severity."pipelines/legacy/**"]
FS3 = "info"
[profiles.ci.severity]
FS302 = "info"
[profiles.ci.per_path_ignores]
"pipelines/legacy/**" = []
"""
    )
    settings = load(
        text, environment={"FLOWSTONE_SEVERITY__FS601": "info", "FLOWSTONE_SEVERITY__UNUSED_IGNORE": "error"}
    )
    assert settings.severity == {
        "FS302": "error",
        "type-mismatch": "warning",
        "FS601": "info",
        "unused-ignore": "error",
    }
    assert settings.per_path_ignores == {"pipelines/legacy/**": ("FS9", "FS302")}
    assert settings.per_path_severity == {"pipelines/legacy/**": {"FS3": "info"}}
    assert settings.origins["severity.FS302"] == "flowstone.toml:4"
    assert settings.origins["severity.FS601"] == "environment FLOWSTONE_SEVERITY__FS601"
    assert settings.origins["per_path_severity.pipelines/legacy/**.FS3"] == "flowstone.toml:9"
    ci = load(text, profile="ci")
    assert ci.severity["FS302"] == "info"
    assert ci.per_path_ignores == {"pipelines/legacy/**": ()}
    assert ci.origins["severity.FS302"] == "profile ci (flowstone.toml:11)"


def test_home(load, tmp_path):
    assert load(SOURCES, environment={"FLOWSTONE_HOME": "/state"}).home.as_posix() == "/state"
    assert load(SOURCES, environment={"FLOWSTONE_HOME": "state"}).home == tmp_path / "state"


def test_dates_become_text(load):
    assert load(SOURCES + "params.step.day = 2013-01-31\n").params == {"step": {"day": "2013-01-31"}}


def test_loading_needs_the_standard_library_and_msgspec_only(load, tmp_path):
    load(SOURCES)
    code = (
        "import sys; from pathlib import Path; from flowstone.config import load_settings; "
        f"load_settings(Path({str(tmp_path)!r}), environment={{}}); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(ast.literal_eval(result.stdout)) <= {"__main__", "flowstone", "msgspec", "typing_extensions"}


def test_limits_are_whole_numbers_above_zero(load):
    settings = load(SOURCES + "[concurrency]\nwarehouse = 2\n[profiles.prod.concurrency]\napi = 3\n", profile="prod")
    assert settings.concurrency == {"api": 3, "warehouse": 2}
    assert settings.origins["concurrency.warehouse"] == "flowstone.toml:3"
    assert "must be a whole number above 0, not 0" in str(failure(load, SOURCES + "[concurrency]\nwarehouse = 0\n"))
    assert "'a b' must be a name" in str(failure(load, SOURCES + "[concurrency]\n'a b' = 1\n"))


def test_a_variable_of_the_wrong_type_is_told_as_it_was_written(load):
    error = failure(load, SOURCES, environment={"FLOWSTONE_RUN__WORKERS": "many"})
    assert str(error) == "environment FLOWSTONE_RUN__WORKERS: 'run.workers' must be a whole number above 0, not 'many'"


def test_a_variable_changes_a_limit(load):
    text = SOURCES + "[concurrency]\nWarehouse = 2\n"
    assert load(text, environment={"FLOWSTONE_CONCURRENCY__WAREHOUSE": "5"}).concurrency == {"Warehouse": 5}
    error = failure(load, text, environment={"FLOWSTONE_CONCURRENCY__WAREHOUSE": "many"})
    assert "environment FLOWSTONE_CONCURRENCY__WAREHOUSE" in str(error)
