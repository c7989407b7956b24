"""The processes that ``flowstone dev`` starts: what they tell if something is wrong before anything has begun."""

import io
import sys

import pytest

from flowstone.config import load_settings
from flowstone.frontend import load
from flowstone.ir.manifest import make_manifest
from flowstone.runner import look, started
from flowstone.runner.exits import EXIT_INTERRUPTED

SENSOR = """
from flowstone import Job, asset, sensor

@asset
def a() -> int: ...

job = Job("job", select="a")

@sensor(job="job", every="1m")
def s(cursor: str | None) -> None:
    raise OSError("gone")
"""


class Interrupted(io.StringIO):
    def readline(self, *_: object) -> str:
        raise KeyboardInterrupt


def test_an_interrupted_start_tells_nothing(monkeypatch, capsys):
    monkeypatch.setattr(started, "start_guard", lambda _: None)
    monkeypatch.setattr(sys, "stdin", Interrupted())
    assert started.main(0) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("after", "error", "told"),
    [
        ("", "OSError: gone", 'raise OSError("gone")'),
        ("x = 1\n", "is not the file that was compiled", ""),
    ],
    ids=["raises", "was edited meanwhile"],
)
def test_of_a_look_that_fails_only_the_frames_of_the_user_are_shown(tmp_path, capsys, after, error, told):
    source = tmp_path / f"sensing_{len(after)}.py"
    source.write_text(SENSOR)
    (tmp_path / "flowstone.toml").write_text(f'sources = ["{source.name}"]\n')
    manifest = tmp_path / "flowstone.json"
    manifest.write_text(make_manifest(load(load_settings(tmp_path, environment={})).project, ".").text())
    source.write_text(SENSOR + after)
    order = {"sensor": "s", "cursor": None, "run_id": "r"}
    before = list(sys.path)
    try:
        answer = look._answer(manifest, order)
    finally:
        sys.path[:] = before
    assert error in answer["error"]
    shown = capsys.readouterr().err
    assert (told in shown) if told else (shown == "")
    assert "flowstone/runner" not in shown
