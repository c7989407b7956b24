import errno
import sys

import pytest
from click.testing import CliRunner

import flowstone.cli
import flowstone.cli.root


@pytest.fixture
def interrupted(monkeypatch):
    def load(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(flowstone.cli.root, "import_module", load)
    monkeypatch.setattr(sys, "argv", ["flowstone", "run", "+a b", "--force"])


def test_ctrl_c_while_a_command_is_loaded(interrupted):
    result = CliRunner().invoke(flowstone.cli.root.cli, ["run", "+a b"])
    assert result.exit_code == 130
    assert result.stderr.splitlines() == ["interrupted; to go on: flowstone run '+a b' --force"]


def test_ctrl_c_before_anything_is_loaded(monkeypatch, interrupted, capsys):
    def cli(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr(flowstone.cli.root, "cli", cli)
    with pytest.raises(SystemExit) as ended:
        flowstone.cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("interrupted; to go on: flowstone run")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_machine_refuses_is_told_without_a_traceback(monkeypatch, number):
    def load(name):
        raise OSError(number, "Refused", "/data/state")

    monkeypatch.setattr(flowstone.cli.root, "import_module", load)
    result = CliRunner().invoke(flowstone.cli.root.cli, ["ls"])
    assert (result.exit_code, result.stderr) == (2, "error: /data/state: Refused\n")
