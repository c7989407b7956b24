import importlib
import os

from flowstone.errors import StorageError
from flowstone.io.faults import Faults
from flowstone.runner.attempt import user_traceback


def raised(function, *arguments):
    try:
        function(*arguments)
    except (OSError, ImportError, StorageError) as error:
        return user_traceback(error)
    raise AssertionError("nothing was raised")


def test_a_traceback_begins_in_the_users_code():
    text = raised(os.listdir, "/nowhere/at/all")
    assert "test_attempt.py" in text


def test_the_machinery_of_imports_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "broken_user_module.py").write_text("import there_is_no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = raised(importlib.import_module, "broken_user_module")
    assert "broken_user_module.py" in text
    assert "importlib" not in text.replace("importlib.import_module", "")


def test_a_fault_of_a_store_has_no_traceback(monkeypatch):
    def full(path):
        with Faults("orders", "write", path):
            raise OSError(28, "No space left on device")

    import flowstone.runner.attempt as module

    monkeypatch.setattr(module, "_OWN", (*module._OWN, __file__))
    assert raised(full, "orders.json") == ""


def test_a_fault_of_a_store_has_no_traceback_of_its_driver(tmp_path, monkeypatch):
    import flowstone.runner.attempt as module

    monkeypatch.setattr(module, "_OWN", (*module._OWN, __file__))
    (tmp_path / "some_driver.py").write_text("def connect():\n    raise OSError('refused')\n")
    monkeypatch.syspath_prepend(tmp_path)

    def store():
        try:
            importlib.import_module("some_driver").connect()
        except OSError as error:
            raise StorageError("orders: cannot read the record: refused") from error

    assert "some_driver.py" in raised(store)  # it may be the user's own
    monkeypatch.setattr(module, "_INSTALLED", (str(tmp_path),))
    assert raised(store) == ""
