"""What has left the group of a worker is found by its mark."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from flowstone.runner.remains import MARK, environment, kill_marked

STARTS = 60


def test_a_process_that_has_only_just_been_started_has_its_mark():
    """For a moment a new program has no environment, and whoever has started it goes on meanwhile."""
    for _ in range(STARTS):
        with subprocess.Popen(["sleep", "600"], env={MARK: "this"}, start_new_session=True) as child:
            found = environment(Path(f"/proc/{child.pid}/environ"))
            child.kill()
        assert found == f"{MARK}=this\0".encode()


def test_only_what_has_the_mark_is_killed():
    environments = [{**os.environ, MARK: "this"}, {**os.environ, MARK: "this one not"}, {}]
    children = [subprocess.Popen(["sleep", "600"], env=env, start_new_session=True) for env in environments]
    try:
        kill_marked("this")
        assert children[0].wait(20) == -signal.SIGKILL
        assert [child.poll() for child in children[1:]] == [None, None]
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_the_one_that_kills_is_spared_and_what_it_has_not_waited_for_does_not_matter():
    code = (
        "import os, subprocess; from flowstone.runner.remains import kill_marked\n"
        "dead = subprocess.Popen(['true']); os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)\n"
        "kill_marked('mine')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ, MARK: "mine"}, check=False).returncode == 0
