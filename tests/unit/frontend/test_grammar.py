"""What only Python's compiler refuses is found, whether or not another process compiles meanwhile."""

import os
import signal
import sys
from pathlib import Path

import pytest

from flowstone.frontend import grammar
from flowstone.frontend.grammar import Compilation, advice, beside, compiled, parsed

FILES = {
    "assets.py": "from flowstone import asset\n@asset\ndef a() -> int:\n    return 1\n",
    "return_outside.py": "from flowstone import asset\nreturn 1\n",
    "twice.py": "def f(x, x): ...\n",
    "nonlocal_nothing.py": "def f():\n    nonlocal y\n",
    "no_grammar.py": "def f(:\n",
}
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture
def in_another_process(monkeypatch) -> None:
    monkeypatch.setattr(grammar, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(grammar, "_can_fork", lambda: True)


def found(loaded) -> list[tuple[str, str, int, str]]:
    return [(item.code, item.span.file, item.span.line, item.message) for item in loaded.diagnostics]


def test_the_findings_are_the_same(project, in_another_process, monkeypatch):
    beside = project(FILES)
    assert list(beside.project.assets) == ["a"]
    assert {file: code for code, file, _, _ in found(beside)} == dict.fromkeys(FILES.keys() - {"assets.py"}, "FS001")
    monkeypatch.setattr(grammar, "_can_fork", lambda: False)
    alone = project(FILES)
    assert found(alone) == found(beside)
    assert alone.project == beside.project


def test_each_text_is_answered_for():
    compilation = Compilation({"a": "x = 1", "b": "return", "c": "", "d": "def f(:", "e": "\0", "f": "break"})
    assert "a" in compilation
    assert "g" not in compilation
    assert compilation.fine() == {"a", "c"}


def test_of_a_process_that_was_killed_nothing_is_believed(monkeypatch):
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(grammar, "_is_fine", die)
    assert Compilation({"a": "x = 1", "b": "y = 2"}).fine() == frozenset()


def test_a_project_whose_process_was_killed_is_read_all_the_same(project, in_another_process, monkeypatch):
    monkeypatch.setattr(grammar, "_is_fine", lambda text: os._exit(3))
    loaded = project(FILES)
    assert list(loaded.project.assets) == ["a"]
    assert len(found(loaded)) == len(FILES) - 1


def test_without_processes_to_be_had_none_is_started(in_another_process, monkeypatch):
    def refuse() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    assert beside({"a": "x = 1"}) is None
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_few_texts_are_not_worth_a_process(monkeypatch):
    monkeypatch.setattr(grammar, "_can_fork", lambda: True)
    assert beside({"a": "x = 1"}) is None


def test_what_is_parsed_may_not_compile():
    tree = parsed("return 1")
    with pytest.raises(SyntaxError, match="outside function"):
        compiled(tree)


NEWER = [
    "type Rows = list[int]\n",
    "class Box[T]: ...\n",
    "async def first[T](rows: list[T]) -> T: ...\n",
    'x = f"{d["a"]}"\n',
]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads them")
@pytest.mark.parametrize("text", NEWER)
def test_what_only_a_newer_python_reads_is_told(text):
    with pytest.raises(SyntaxError) as caught:
        parsed(text)

    assert f"runs on Python 3.{sys.version_info.minor} here" in advice(caught.value)
    assert "3.12" in advice(caught.value)


@pytest.mark.parametrize("text", ["def f(:\n", "type(x) = 3\n", "class\n"])
def test_what_no_python_reads_is_to_be_corrected(text):
    with pytest.raises(SyntaxError) as caught:
        parsed(text)

    assert advice(caught.value).startswith("correct the syntax")
