"""A timeout ends the work, whatever it is doing."""

from __future__ import annotations

import os
import time
from pathlib import Path


def test_a_timeout_ends_the_function_and_what_it_started(compile_project):
    project = compile_project(
        """
        import os
        import subprocess
        import sys
        import time

        @asset(timeout="1s")
        def stuck() -> int:
            other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
            note(f"{os.getpid()} {other.pid}")
            while True:
                time.sleep(60)

        @asset
        def after(stuck: int) -> int:
            return 1

        everything = Job("everything", select="*")
        """
    )
    started = time.monotonic()
    state = project.run("everything")
    assert time.monotonic() - started < 30
    assert state.message == (
        "failed: stuck (AssetTimeoutError: stuck ran longer than its timeout of 1 s and was stopped); not run: after"
    )
    assert not any(_runs(int(pid)) for pid in project.notes()[0].split())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_step_with_a_timeout_is_like_any_other(compile_project):
    project = compile_project(
        """
        @asset
        def before() -> int:
            return 1

        @asset(timeout="60s", retries=Retry(2, delay="10ms", on=["ValueError"]))
        def timed(ctx: Context, before: int, plus: int = 1) -> int:
            note(f"attempt {ctx.attempt}")
            if ctx.attempt == 1:
                raise ValueError("not yet")
            ctx.add_metadata({"plus": plus})
            return before + plus

        @asset(timeout="60s", retries=Retry(2, delay="10ms", on=["ValueError"]))
        def hopeless() -> int:
            raise KeyError("nothing")

        @asset(timeout="60s")
        def leaves() -> int:
            import os
            os._exit(7)

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything", timed__plus=5)
    assert state.message == (
        "failed: hopeless (StepFailedError: KeyError: 'nothing'), "
        "leaves (StepFailedError: the process that ran leaves ended with exit code 7)"
    )
    assert project.value("timed") == 6
    assert project.record("timed").metadata["user"] == {"plus": 5}
    assert project.record("timed").engine == "prefect"
    assert project.notes() == ["attempt 1", "attempt 2"]
