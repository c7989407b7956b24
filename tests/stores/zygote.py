"""Writers that can be killed: processes that are forked, in milliseconds, from one that has imported everything.

``python -m tests.stores.zygote`` reads a request in each line and answers in one. It opens nothing itself.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from pkgutil import resolve_name

import duckdb  # noqa: F401 - before any writer is forked
import gcsfs.core  # noqa: F401
import obstore.store  # noqa: F401
import psycopg  # noqa: F401
import pyarrow as pa
import pyarrow.parquet

import flowstone.io.sftp  # noqa: F401
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.parquet import ParquetManager
from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_actions import open_manager, slot_of, store

KEYS = ("a", "b", "c")
"""The partitions that writers write, in turn."""
KINDS = {FilesystemManager: "json", ParquetManager: "frame", DuckdbManager: "frame", PostgresManager: "frame"}
"""What is stored with which manager."""
ROOT = Path(__file__).parents[2]


class Zygote:
    """The tests' side of it."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.stores.zygote"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, **task):
        """Fork a writer; its process id."""
        return int(self._ask(task))

    def wait(self, pid):
        """The exit code of a writer; minus the signal's number if one ended it."""
        return int(self._ask({"wait": pid}))

    def ended(self, pids):
        """Whether all of the writers have ended."""
        return self._ask({"ended": pids}).strip() == "1"

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, request):
        self._process.stdin.write(json.dumps(request) + "\n")
        return self._process.stdout.readline()


def key_of(number):
    """The partition into which the value with the number goes."""
    return KEYS[number % len(KEYS)]


def make(kind, number):
    """A value that tells its number all over, of a size of its own."""
    size = 1 + number * 7919 % 3000
    if kind == "json":
        return {"n": number, "all": [number] * size}
    return pa.table({"n": [number] * size, "text": [f"line {number}"] * size})


def number_of(kind, value):
    """The number of a value. Errors: AssertionError if it is not whole."""
    number = value["n"] if kind == "json" else value.column("n")[0].as_py()
    assert value == make(kind, number)
    return number


def write(task):
    """Store values one after the other, and tell of each once it is stored."""
    manager = open_manager(resolve_name(task["manager"]), task["config"], Path(task["root"]))
    if task.get("step"):
        manager.reached = _die_at(task["step"], task["after"])
    told = os.open(task["told"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in task["numbers"]:
        key = task.get("key") or key_of(number)
        store(manager, slot_of(manager, key), make(task["kind"], number))
        os.write(told, f"{number}\n".encode())


def _die_at(step, after):
    left = [after]

    def reached(reached_step):
        left[0] -= reached_step == step
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _has_ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _fork(task):
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        write(task)
        status = 0
    except BaseException:  # noqa: BLE001 - it ends here
        traceback.print_exc()
    finally:
        os._exit(status)


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        elif "ended" in request:
            answer = int(all(map(_has_ended, request["ended"])))
        else:
            answer = _fork(request)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
