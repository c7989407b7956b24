import pytest

from flowstone.config.environment import override_io_managers, override_params
from flowstone.errors import ConfigurationError


def test_options_are_matched_whatever_their_case():
    managers = {"Lake": {"type": "parquet", "Root": "a", "level": 3}}
    environment = {"FLOWSTONE_IO_MANAGERS__LAKE__ROOT": "7", "FLOWSTONE_IO_MANAGERS__LAKE__LEVEL": "4", "HOME": "x"}
    assert override_io_managers(managers, environment) == {"Lake": {"type": "parquet", "Root": "7", "level": 4}}
    assert managers["Lake"]["Root"] == "a"


def test_new_options_are_text_unless_they_are_arrays_or_tables():
    environment = {
        "FLOWSTONE_IO_MANAGERS__LAKE__KEY": '{"env": "KEY"}',
        "FLOWSTONE_IO_MANAGERS__LAKE__NUMBER": "7",
        "FLOWSTONE_IO_MANAGERS__LAKE__ROOT": "{partition}",
    }
    found = override_io_managers({"lake": {"type": "parquet"}}, environment)["lake"]
    assert found == {"type": "parquet", "key": {"env": "KEY"}, "number": "7", "root": "{partition}"}


def test_a_manager_that_is_not_configured_needs_a_type():
    variables = {"FLOWSTONE_IO_MANAGERS__LAKEE__ROOT": "x"}
    with pytest.raises(ConfigurationError, match="'lakee'") as caught:
        override_io_managers({"lake": {"type": "parquet"}}, variables)
    assert caught.value.help == "did you mean 'lake'?"
    variables["FLOWSTONE_IO_MANAGERS__LAKEE__TYPE"] = "memory"
    assert override_io_managers({}, variables) == {"lakee": {"type": "memory", "root": "x"}}


def test_parameters_take_the_kind_of_what_they_replace():
    defaults = {"team.Step": {"limit": 1, "tag": "x", "on": True}}
    environment = {
        "FLOWSTONE_PARAMS__TEAM__STEP__LIMIT": "2",
        "FLOWSTONE_PARAMS__TEAM__STEP__TAG": "3",
        "FLOWSTONE_PARAMS__TEAM__STEP__ON": "false",
    }
    expected = {"team.Step": {"limit": 2, "tag": "3", "on": False}}
    assert override_params({}, environment, defaults) == expected
    assert override_params({"team.Step": {"limit": 5}}, environment, defaults) == expected


def test_unknown_parameters_are_lower_case():
    assert override_params({}, {"FLOWSTONE_PARAMS__STEP__LIMIT": "soon"}) == {"step": {"limit": "soon"}}
    assert override_params({"Step": {}}, {"FLOWSTONE_PARAMS__STEP__LIMIT": "1"}) == {"Step": {"limit": 1}}


@pytest.mark.parametrize("variable", ["FLOWSTONE_PARAMS__STEP", "FLOWSTONE_PARAMS____X", "FLOWSTONE_PARAMS__STEP__"])
def test_variables_that_name_no_parameter(variable):
    with pytest.raises(ConfigurationError, match=variable):
        override_params({}, {variable: "1"})


def test_variable_that_fits_two_names():
    with pytest.raises(ConfigurationError, match="may mean 'step' and 'Step'"):
        override_params({}, {"FLOWSTONE_PARAMS__STEP__N": "1"}, {"step": {"n": 1}, "Step": {"n": 2}})
