import pytest

from flowstone.errors import ConfigurationError
from flowstone.ir.reference import is_reference
from flowstone.runtime.secrets import resolve


def test_references_are_replaced_at_any_depth():
    value = {"dsn": {"env": "DSN"}, "more": [{"env": "KEY"}, 1]}
    assert resolve(value, {"DSN": "d", "KEY": "k"}, "io_managers.x") == {"dsn": "d", "more": ["k", 1]}


@pytest.mark.parametrize("value", [{"env": 1}, {"env": "A", "b": 1}, "env", ["env"], {}])
def test_other_values_are_no_references(value):
    assert not is_reference(value)


def test_a_variable_that_is_not_set_is_named_with_its_place():
    with pytest.raises(ConfigurationError, match=r"io_managers\.x\.dsn needs the environment variable DSN"):
        resolve({"dsn": {"env": "DSN"}}, {}, "io_managers.x")
