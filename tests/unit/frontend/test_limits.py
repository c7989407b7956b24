"""Sources that would take forever, or much memory, are refused soon; none of them raises."""

from __future__ import annotations

import pytest

HEAD = "from flowstone import asset\n"
LOOPS = "for a in range(1000):\n  for b in range(1000):\n    for c in range(1000):\n"


def doubling(first: str, step: str, last: str, times: int = 60) -> str:
    return first + "".join(step.format(n=n, m=n + 1) for n in range(times)) + last


BOMBS = {
    "calls of functions": doubling(
        "def f0(): return 1\n", "def f{m}(): return f{n}() + f{n}()\n", "@asset(name=f60())\ndef g(): ...\n"
    ),
    "longer and longer lists": doubling("x0 = ['a']\n", "x{m} = x{n} + x{n}\n", "@asset(owners=x60)\ndef g(): ...\n"),
    "lists that share their items": doubling(
        "x0 = ['a']\n", "x{m} = [x{n}, x{n}]\n", "@asset(meta={'a': x60})\ndef g(): ...\n"
    ),
    "loops that declare nothing": LOOPS + "      if False:\n        @asset\n        def g(): ...\n",
    "factories": doubling(
        "def m0():\n  @asset(name='a')\n  def g(): ...\n", "def m{m}():\n  m{n}()\n  m{n}()\n", "m25()\n", 25
    ),
    "names of names": doubling("x0 = 'a'\n", "x{m} = x{n}\n", "@asset(name=x5000)\ndef g(): ...\n", 5000),
    "functions of functions": doubling(
        "def f0():\n  @asset\n  def g(): ...\n", "def f{m}(): f{n}()\n", "f5000()\n", 5000
    ),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=list(BOMBS))
def test_too_much_is_refused(project, text):
    codes = {
        item.code for item in project({"pipe.py": HEAD + text, "good.py": HEAD + "@asset\ndef ok(): ...\n"}).diagnostics
    }
    assert codes & {"FS009", "FS010"}


def test_many_assets_are_no_bomb(project):
    text = "".join(f"@asset\ndef a{n}({f'a{n - 1}' if n else ''}): ...\n" for n in range(500))
    loaded = project(HEAD + text)
    assert loaded.diagnostics == ()
    assert len(loaded.project.steps) == 500


def test_long_chain_of_classes_and_aliases(project):
    text = "".join(f"class C{n + 1}(C{n}): ...\nT{n + 1} = list[T{n}]\n" for n in range(3000))
    loaded = project(f"{HEAD}class C0: ...\nT0 = int\n{text}@asset\ndef a(x: T3000 = 1) -> C3000: ...\n")
    assert loaded.diagnostics == ()
