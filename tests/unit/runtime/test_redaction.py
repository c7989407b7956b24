import traceback

import pytest

from flowstone.errors import StorageError
from flowstone.runtime.redaction import Redactor

DSN = "postgresql://user:s%40cret-1@host/db"


@pytest.mark.parametrize(
    ("secrets", "text", "hidden"),
    [
        (["canary"], "a canary sings", "a *** sings"),
        (["can", ""], "a canary can", "a canary can"),
        ([DSN], f"cannot open {DSN}", "cannot open ***"),
        ([DSN], "password s@cret-1, or s%40cret-1", "password ***, or ***"),
        (["host=x password='it''s' user=y"], "it''s", "it''s"),
        (["host=x password=canary user=y"], "for canary", "for ***"),
        (["host=x password='two words'"], "for two words", "for ***"),
        (["line\nbreak"], repr("line\nbreak"), "'***'"),
        (['say "ü"'], '{"a": "say \\"ü\\""} and {"a": "say \\"\\u00fc\\""}', '{"a": "***"} and {"a": "***"}'),
        (["a/b?c"], "http://x/a%2Fb%3Fc", "http://x/***"),
        (["long-secret", "long-secret-er"], "long-secret-er", "***"),
    ],
    ids=ascii,
)
def test_secrets_are_hidden_in_every_form(secrets, text, hidden):
    assert Redactor(secrets).text(text) == hidden


def fail(message, cause=None):
    try:
        raise StorageError(message, help="look at canary") from cause
    except StorageError as error:
        return error


def test_an_error_is_replaced_by_one_that_tells_nothing():
    replaced = Redactor(["canary"]).replacement(fail("no canary"), retryable=True)
    assert str(replaced) == "StorageError: no ***"
    assert replaced.retryable
    assert replaced.help == "look at ***"
    told = "".join(traceback.format_exception(replaced))
    assert "canary" not in told
    assert "test_redaction.py" in told


def test_what_caused_an_error_counts_too():
    replaced = Redactor(["in-the-cause"]).replacement(fail("no", OSError("in-the-cause")), retryable=False)
    assert replaced is not None
    assert "in-the-cause" not in "".join(traceback.format_exception(replaced))


def test_an_error_that_tells_none_stays():
    assert Redactor(["other"]).replacement(fail("no canary"), retryable=True) is None
    assert Redactor([]).replacement(fail("no canary"), retryable=True) is None
