import json

import pytest

from flowstone.dsl.policies import Retry
from flowstone.errors import ConfigurationError
from flowstone.runtime.retries import matches, worth_retrying


@pytest.mark.parametrize(
    ("error", "name", "expected"),
    [
        (KeyError(), "builtins.KeyError", True),
        (KeyError(), "builtins.LookupError", True),
        (KeyError(), "builtins.ValueError", False),
        (json.JSONDecodeError("x", "", 0), "json.decoder.JSONDecodeError", True),
        (json.JSONDecodeError("x", "", 0), "json.JSONDecodeError", True),  # as it is re-exported
        (TimeoutError(), "socket.timeout", True),
        (KeyError(), "not_loaded.anywhere.KeyError", False),
    ],
)
def test_an_error_is_known_by_the_dotted_name_of_its_class_or_a_base(error, name, expected):
    import socket  # noqa: F401 - its names are looked up among the loaded modules

    assert matches(error, name) is expected


def test_without_names_every_error_is_worth_a_retry_but_a_wrong_configuration():
    assert worth_retrying(KeyError(), Retry(1))
    assert not worth_retrying(ConfigurationError("x"), Retry(1))
    assert not worth_retrying(KeyError(), Retry(0))
    assert not worth_retrying(KeyError(), Retry(1, on=[OSError]))
