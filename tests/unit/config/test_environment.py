import subprocess
import sys

import pytest

from flowstone.config.environment import io_manager_overrides, param_overrides
from flowstone.errors import ConfigurationError


def managers(known, **variables):
    found = io_manager_overrides({f"FLOWSTONE_IO_MANAGERS__{name}": text for name, text in variables.items()}, known)
    return {item.path: item.value for item in found}


def params(known, **variables):
    found = param_overrides({f"FLOWSTONE_PARAMS__{name}": text for name, text in variables.items()}, known)
    return {item.path: item.value for item in found}


def test_options_are_matched_whatever_their_case():
    known = {"Lake": {"type": "parquet", "Root": "a", "level": 3}}
    assert managers(known, LAKE__ROOT="7", LAKE__LEVEL="4") == {("Lake", "Root"): "7", ("Lake", "level"): 4}


def test_other_variables_say_nothing():
    assert list(io_manager_overrides({"HOME": "x", "FLOWSTONE_HOME": "y"}, {})) == []


def test_new_options_are_text_unless_they_are_arrays_or_tables():
    found = managers({"lake": {"type": "x"}}, LAKE__KEY='{"env": "KEY"}', LAKE__NUMBER="7", LAKE__ROOT="{partition}")
    assert found == {
        ("lake", "key"): {"env": "KEY"},
        ("lake", "number"): "7",
        ("lake", "root"): "{partition}",
    }


@pytest.mark.parametrize("name", ["LAKE", "LAKE__", "__ROOT"])
def test_variables_that_name_no_option(name):
    with pytest.raises(ConfigurationError, match="names no option"):
        managers({"lake": {"type": "x"}}, **{name: "1"})


def test_parameters_take_the_kind_of_what_they_replace():
    known = {"team.Step": {"limit": 1, "tag": "x", "on": True}}
    found = params(known, TEAM__STEP__LIMIT="2", TEAM__STEP__TAG="3", TEAM__STEP__ON="false")
    assert found == {("team.Step", "limit"): 2, ("team.Step", "tag"): "3", ("team.Step", "on"): False}


def test_text_stays_text_unless_it_is_a_reference():
    known = {"step": {"tag": "x"}}
    for text in ("[1]", '{"a": 1}', "null", "5", ""):
        assert params(known, STEP__TAG=text) == {("step", "tag"): text}
    assert params(known, STEP__TAG='{"env": "TAG"}') == {("step", "tag"): {"env": "TAG"}}


def test_unknown_parameters_are_lower_case():
    assert params({}, STEP__LIMIT="soon") == {("step", "limit"): "soon"}
    assert params({"Step": {}}, STEP__LIMIT="1") == {("Step", "limit"): "1"}


@pytest.mark.parametrize("name", ["STEP", "__X", "STEP__"])
def test_variables_that_name_no_parameter(name):
    with pytest.raises(ConfigurationError, match=f"FLOWSTONE_PARAMS__{name}"):
        params({}, **{name: "1"})


def test_variable_that_fits_two_names():
    with pytest.raises(ConfigurationError, match="may mean 'step' and 'Step'"):
        params({"step": {"n": 1}, "Step": {"n": 2}}, STEP__N="1")


def test_workers_do_not_load_the_loader():
    code = (
        "import sys, flowstone.config.environment; "
        "print([name for name in sys.modules if name.startswith('flowstone.config.')], 'tomllib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "['flowstone.config.environment'] False\n"
