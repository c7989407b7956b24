import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.dev.lock import only_one
from flowstone.errors import StateError

HOLDER = """
import sys
from pathlib import Path
from flowstone.dev.lock import only_one
with only_one(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_second_scheduler_is_told_of_the_first_and_its_death_frees_the_lock(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"ready\n"
        with pytest.raises(StateError, match=rf"process {holder.pid}\)"), only_one(tmp_path):
            raise AssertionError
        holder.kill()
    with only_one(tmp_path):
        assert (tmp_path / "dev.lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("home", ["/proc/flowstone", "/dev/null/flowstone"])
def test_a_folder_that_there_cannot_be_is_told(home):
    with pytest.raises(StateError, match=f"cannot use {home}/dev.lock"), only_one(Path(home)):
        raise AssertionError


def test_whoever_holds_a_lock_that_was_removed_or_replaced_knows_it(tmp_path):
    path = tmp_path / "dev.lock"
    with only_one(tmp_path) as is_alone:
        assert is_alone()
        path.unlink()
        assert not is_alone()
        path.touch()
        assert not is_alone()
