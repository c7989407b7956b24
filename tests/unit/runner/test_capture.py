import subprocess
import sys

from flowstone.runner.capture import Capture
from flowstone.runner.logs import sections
from flowstone.runner.result import Order


def test_bytes_that_a_function_writes_are_kept_as_they_are(tmp_path):
    capture = Capture()
    with capture.installed(), capture.into(tmp_path / "worker-1.log", Order("a", None, "run", 1), shown=False):
        sys.stdout.write("text\n")
        sys.stdout.buffer.write(b"\xff\x00\n")
        sys.stdout.buffer.flush()
        sys.stderr.buffer.write(memoryview(b"more\n"))
    (section,) = sections(tmp_path)
    assert b"".join(section.read()) == b"text\n\xff\x00\nmore\n"


STRAY = """
import os, subprocess, sys
from flowstone.runner.results_stream import results_alone

print("before")
with results_alone(sys.stdout) as results:
    os.write(1, b"from C\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    sys.__stdout__.write("to the stream itself\\n")
    results.write("result\\n")
print("after")
"""


def test_what_is_written_beside_results_goes_to_standard_error():
    done = subprocess.run([sys.executable, "-c", STRAY], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nresult\nafter\n"
    assert done.stderr == "from C\nfrom a child\nto the stream itself\n"
